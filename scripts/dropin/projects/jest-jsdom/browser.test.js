// The condition "browser", as it is by default: the WebSocket of jsdom.
const ours = require('whatwg-websocket')
const { exchangeInPage } = require('./page.cjs')

const { ECHO_URL } = process.env

test('the import is the class of jsdom', async () => {
  console.log(`# ${require.resolve('whatwg-websocket').split('whatwg-websocket/')[1]}`)
  expect(ours.WebSocket).toBe(window.WebSocket)
  expect(ours.MessageEvent).toBe(window.MessageEvent)
  expect(ours.CloseEvent).toBe(window.CloseEvent)
  expect(await exchangeInPage(ours.WebSocket, ECHO_URL)).toEqual([
    'open',
    'text',
    '/ https://app.example',
    'close 1000',
  ])
})

test('configured and failure', async () => {
  const WebSocket = ours.configured({ headers: { a: 'b' }, browser: 'ignore', binaryType: 'arraybuffer' })
  expect(await exchangeInPage(WebSocket, ECHO_URL)).toEqual(['open', 'text', '/ https://app.example', 'close 1000'])
  expect(() => new (ours.configured({ headers: { a: 'b' } }))(ECHO_URL)).toThrow('headers')
  const socket = new WebSocket('ws://127.0.0.1:1/')
  await new Promise(resolve => (socket.onclose = resolve))
  expect(ours.failure(socket).code).toBe('WS_ERR_CONNECT')
})

test('the polyfill leaves jsdom as it is', () => {
  const { WebSocket } = window
  require('whatwg-websocket/polyfill')
  expect(window.WebSocket).toBe(WebSocket)
})

for (const options of [undefined, { legacyFakeTimers: true }]) {
  test(`fake timers, ${JSON.stringify(options) ?? 'modern'}`, async () => {
    jest.useFakeTimers(options)
    try {
      const events = await exchangeInPage(ours.WebSocket, ECHO_URL)
      expect(events).toEqual(['open', 'text', '/ https://app.example', 'close 1000'])
    } finally {
      jest.useRealTimers()
    }
  })
}

test('a WebSocketStream over the class of jsdom, with the streams of Node.js', async () => {
  const stream = new ours.WebSocketStream(ECHO_URL, { streams: require('node:stream/web') })
  const { readable, writable } = await stream.opened
  await writable.getWriter().write('text')
  expect((await readable.getReader().read()).value).toBe('text')
  stream.close({ closeCode: 1000 })
  expect((await stream.closed).closeCode).toBe(1000)
})
