// In a DOM, Vitest resolves dependencies as Node.js does: this is our class, and the globals are those of the DOM.
import { afterEach, expect, test, vi } from 'vitest'
import { failure, install, WebSocket } from 'whatwg-websocket'
import { BINARY_ECHOES, exchangeBinary } from './exchange.cjs'
import { exchangeInPage } from './page.cjs'

const { ECHO_URL } = process.env
const EVENTS = ['open', 'text', '/ https://app.example', 'close 1000']

afterEach(() => {
  vi.useRealTimers()
})

test('events are of the classes of the page, and the origin is that of the page', async () => {
  expect(await exchangeInPage(WebSocket, ECHO_URL, window)).toEqual(EVENTS)
  const socket = new WebSocket('/', { baseURL: ECHO_URL })
  expect(socket).toBeInstanceOf(EventTarget)
  socket.close()
  await new Promise(resolve => (socket.onclose = resolve))
})

test('a relative URL is of the page', async () => {
  const socket = new WebSocket('socket', { connect: () => Promise.reject(new Error('no network')) })
  expect(socket.url).toBe('wss://app.example/page/socket')
  await new Promise(resolve => (socket.onclose = resolve))
  expect(failure(socket).cause.message).toBe('no network')
})

test('binary messages of all kinds', async () => {
  expect(await exchangeBinary(WebSocket, ECHO_URL)).toEqual(BINARY_ECHOES)
})

test('handlers are called once', async () => {
  const socket = new WebSocket(ECHO_URL)
  let calls = 0
  socket.onopen = () => {
    calls += 1
    socket.close()
  }
  await new Promise(resolve => (socket.onclose = resolve))
  expect(calls).toBe(1)
})

test('fake timers', async () => {
  vi.useFakeTimers()
  expect(await exchangeInPage(WebSocket, ECHO_URL, window)).toEqual(EVENTS)
})

test('install over the class of the page', async () => {
  install(globalThis, { override: true })
  expect(globalThis.WebSocket).toBe(WebSocket)
  expect(await exchangeInPage(globalThis.WebSocket, ECHO_URL, globalThis)).toEqual(EVENTS)
})
