// What our class does in the realm of jsdom, whichever condition gives it.
const { BINARY_ECHOES, exchangeBinary } = require('./exchange.cjs')
const { exchangeInPage } = require('./page.cjs')

const { ECHO_URL } = process.env

module.exports = ours => {
  test('events are of the classes of jsdom, and the origin is that of the page', async () => {
    expect(ours.WebSocket).not.toBe(window.WebSocket)
    expect(await exchangeInPage(ours.WebSocket, ECHO_URL)).toEqual([
      'open',
      'text',
      '/ https://app.example',
      'close 1000',
    ])
    const socket = new ours.WebSocket('/', { baseURL: ECHO_URL })
    expect(socket).toBeInstanceOf(window.EventTarget)
    socket.close()
    await new Promise(resolve => (socket.onclose = resolve))
  })

  test('a relative URL is of the page', async () => {
    const socket = new ours.WebSocket('socket', { connect: () => Promise.reject(new Error('no network')) })
    expect(socket.url).toBe('wss://app.example/page/socket')
    await new Promise(resolve => (socket.onclose = resolve))
    expect(ours.failure(socket).cause.message).toBe('no network')
  })

  test('binary messages of all kinds', async () => {
    expect(await exchangeBinary(ours.WebSocket, ECHO_URL)).toEqual(BINARY_ECHOES)
  })

  test('install over the classes of jsdom', async () => {
    ours.install(window, { override: true })
    expect(window.WebSocket).toBe(ours.WebSocket)
    expect(await exchangeInPage(window.WebSocket, ECHO_URL)).toEqual([
      'open',
      'text',
      '/ https://app.example',
      'close 1000',
    ])
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
}
