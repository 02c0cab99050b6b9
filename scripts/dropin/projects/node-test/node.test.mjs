import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ping, WebSocket } from 'whatwg-websocket'
import { exchange, withServer } from './exchange.cjs'

test('mocked timers: connections and time limits are of real time', async t => {
  await withServer(async url => {
    t.mock.timers.enable()
    assert.equal(await exchange(WebSocket, url), 'text 1000')
    const socket = new WebSocket(url, { handshakeTimeout: 1000, heartbeat: { interval: 1000, timeout: 1000 } })
    await new Promise(resolve => (socket.onopen = resolve))
    t.mock.timers.tick(3_600_000)
    assert.ok((await ping(socket)) > 0)
    assert.equal(socket.readyState, WebSocket.OPEN)
    socket.close()
    await new Promise(resolve => (socket.onclose = resolve))
  })
})
