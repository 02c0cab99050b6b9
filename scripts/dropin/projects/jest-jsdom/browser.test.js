// The condition "browser", as it is by default: our class all the same, since the page is within Node.js.
const ours = require('whatwg-websocket')

const { ECHO_URL } = process.env

test('the condition browser', () => {
  const path = require.resolve('whatwg-websocket').split('whatwg-websocket/')[1]
  console.log(`# ${path}`)
  expect(path).toBe('dist/bundle/entry/page.cjs')
})

test('the polyfill adds what jsdom lacks, and leaves the rest', () => {
  const { WebSocket } = window
  require('whatwg-websocket/polyfill')
  expect(window.WebSocket).toBe(WebSocket)
  expect(window.WebSocketStream).toBe(ours.WebSocketStream)
})

test('options that no page has', async () => {
  const WebSocket = ours.configured({ headers: { a: 'b' }, tls: { rejectUnauthorized: false } })
  const socket = new WebSocket(ECHO_URL)
  await new Promise(resolve => (socket.onopen = resolve))
  expect(await ours.ping(socket)).toBeGreaterThanOrEqual(0)
  socket.close()
  await new Promise(resolve => (socket.onclose = resolve))
})

test('a WebSocketStream, with the streams of Node.js', async () => {
  const stream = new ours.WebSocketStream(ECHO_URL, { streams: require('node:stream/web') })
  const { readable, writable } = await stream.opened
  await writable.getWriter().write('text')
  expect((await readable.getReader().read()).value).toBe('text')
  stream.close({ closeCode: 1000 })
  expect((await stream.closed).closeCode).toBe(1000)
})

require('./engine.cjs')(ours)
