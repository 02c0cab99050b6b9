const { WebSocket } = require('whatwg-websocket')
const { memoryPair } = require('whatwg-websocket/transport/memory')
const { exchange, withServer } = require('./exchange.cjs')

test('require', async () => {
  console.log(`# ${require.resolve('whatwg-websocket').split('whatwg-websocket/')[1]}`)
  expect(await withServer(url => exchange(WebSocket, url))).toBe('text 1000')
  expect(memoryPair).toBeInstanceOf(Function)
  expect(() => WebSocket()).toThrow("Class constructor WebSocket cannot be invoked without 'new'")
})
