'use strict'
const assert = require('node:assert/strict')
const { Window } = require('happy-dom')
const { JSDOM } = require('jsdom')
const startServer = require('./echo-server.cjs')
const { main } = require('./children.cjs')
const { exchangeInPage } = require('./page.cjs')
const { failure, install, ping, WebSocket, WebSocketStream } = require('whatwg-websocket')

const BASE = '<base href="/base/">'
const jsdom = runScripts => url => new JSDOM(BASE, { url, runScripts }).window
const windows = {
  jsdom: jsdom(undefined),
  'jsdom, runScripts outside-only': jsdom('outside-only'),
  'jsdom, runScripts dangerously': jsdom('dangerously'),
  'happy-dom': url => {
    const window = new Window({ url })
    window.document.head.innerHTML = BASE
    return window
  },
}

main('jsdom and happy-dom', async () => {
  const close = await startServer()
  const page = process.env.ECHO_URL.replace('ws:', 'http:')
  for (const [name, open] of Object.entries(windows)) {
    const window = open(`${page}page`)
    const hosts = window.WebSocket
    install(window)
    assert.equal(window.WebSocket, hosts, `${name}: install keeps what is there`)
    const { MessageEvent, CloseEvent } = window
    install(window, { override: true })
    assert.notEqual(window.WebSocket, hosts)
    assert.notEqual(window.WebSocket, WebSocket)
    assert.equal(window.MessageEvent, MessageEvent)
    assert.equal(window.CloseEvent, CloseEvent)

    const origin = page.slice(0, -1)
    const events = await exchangeInPage(window.WebSocket, 'socket?a', window)
    assert.deepEqual(events, ['open', 'text', `/base/socket?a ${origin}`, 'close 1000'], name)

    const socket = new window.WebSocket('/')
    assert.ok(socket instanceof window.EventTarget)
    await new Promise(resolve => (socket.onopen = resolve))
    assert.ok((await ping(socket)) > 0)
    for (const binaryType of ['arraybuffer', 'blob']) {
      socket.binaryType = binaryType
      const sources = [Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2, 3).buffer, new window.Blob(['abc'])]
      if (window.ArrayBuffer !== undefined) sources.push(new window.ArrayBuffer(3))
      for (const data of sources) {
        const message = new Promise(resolve => (socket.onmessage = resolve))
        socket.send(data)
        const { data: echo } = await message
        const Class = binaryType === 'blob' ? window.Blob : (window.ArrayBuffer ?? ArrayBuffer)
        assert.ok(echo instanceof Class, `${name}: ${binaryType}`)
        assert.equal(echo.size ?? echo.byteLength, 3)
      }
    }
    socket.close()
    await new Promise(resolve => (socket.onclose = resolve))

    const refused = new window.WebSocket('ws://127.0.0.1:1/')
    await new Promise(resolve => (refused.onclose = resolve))
    assert.equal(failure(refused).code, 'WS_ERR_BLOCKED_PORT')

    assert.ok(window.WebSocketStream.prototype instanceof WebSocketStream)
    const stream = new window.WebSocketStream('stream')
    assert.equal(stream.url, `${process.env.ECHO_URL}base/stream`)
    const { readable, writable } = await stream.opened
    await writable.getWriter().write('request?')
    assert.equal((await readable.getReader().read()).value, `/base/stream ${origin}`)
    stream.close()
    await stream.closed
    window.close()
  }
  await close()
})
