import Default, { WebSocket } from 'whatwg-websocket'
import { exchange, withServer } from './exchange.cjs'

test('import, which babel-jest compiles to require', async () => {
  expect(Default).toBe(WebSocket)
  expect(Default).toBe(require('whatwg-websocket').WebSocket)
  expect(await withServer(url => exchange(WebSocket, url))).toBe('text 1000')
})

test('a class can be replaced', () => {
  const module = require('whatwg-websocket')
  const spy = jest.spyOn(module, 'ping').mockReturnValue(5)
  expect(module.ping()).toBe(5)
  spy.mockRestore()
})
