const { ping, WebSocket } = require('whatwg-websocket')
const { exchange, withServer } = require('./exchange.cjs')

afterEach(() => jest.useRealTimers())

for (const options of [undefined, { legacyFakeTimers: true }]) {
  test(`fake timers, ${JSON.stringify(options) ?? 'modern'}: connections and time limits are of real time`, async () => {
    await withServer(async url => {
      jest.useFakeTimers(options)
      expect(await exchange(WebSocket, url)).toBe('text 1000')
      const socket = new WebSocket(url, { handshakeTimeout: 1000, heartbeat: { interval: 1000, timeout: 1000 } })
      await new Promise(resolve => (socket.onopen = resolve))
      jest.advanceTimersByTime(3_600_000)
      expect(await ping(socket)).toBeGreaterThan(0)
      expect(socket.readyState).toBe(WebSocket.OPEN)
      socket.close()
      await new Promise(resolve => (socket.onclose = resolve))
    })
  })
}
