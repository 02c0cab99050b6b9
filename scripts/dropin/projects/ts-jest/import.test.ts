import DefaultWebSocket, { WebSocket } from 'whatwg-websocket'

declare function require(name: string): any
declare function test(name: string, run: () => void | Promise<void>): void
declare function expect(value: unknown): { toBe(other: unknown): void }
const { exchange, withServer } = require('./exchange.cjs')

test('import, which ts-jest compiles to require', async () => {
  expect(DefaultWebSocket).toBe(WebSocket)
  expect(await withServer((url: string) => exchange(WebSocket, url))).toBe('text 1000')
})
