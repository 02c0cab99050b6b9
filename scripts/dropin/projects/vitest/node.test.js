import { createRequire } from 'node:module'
import { afterEach, expect, test, vi } from 'vitest'
import { ping, WebSocket } from 'whatwg-websocket'
import { BINARY_ECHOES, exchange, exchangeBinary } from './exchange.cjs'

const { ECHO_URL } = process.env

afterEach(() => {
  vi.useRealTimers()
})

test('import and require give the same class', async () => {
  expect(createRequire(import.meta.url)('whatwg-websocket').WebSocket).toBe(WebSocket)
  expect(await exchange(WebSocket, ECHO_URL)).toBe('text 1000')
})

test('binary messages of all kinds', async () => {
  expect(await exchangeBinary(WebSocket, ECHO_URL)).toEqual(BINARY_ECHOES)
})

test('fake timers: connections and time limits are of real time', async () => {
  vi.useFakeTimers()
  expect(await exchange(WebSocket, ECHO_URL)).toBe('text 1000')
  const socket = new WebSocket(ECHO_URL, { handshakeTimeout: 1000, heartbeat: { interval: 1000, timeout: 1000 } })
  await new Promise(resolve => (socket.onopen = resolve))
  vi.advanceTimersByTime(3_600_000)
  expect(await ping(socket)).toBeGreaterThan(0)
  socket.close()
  await new Promise(resolve => (socket.onclose = resolve))
})

test('the module can be mocked', async () => {
  vi.doMock('whatwg-websocket', () => ({ WebSocket: 1 }))
  expect((await import('whatwg-websocket')).WebSocket).toBe(1)
  vi.doUnmock('whatwg-websocket')
})
