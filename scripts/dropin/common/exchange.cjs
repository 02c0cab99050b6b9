'use strict'
// Copied into each project. An echo server, and an exchange with it.
const { WebSocketServer } = require('ws')

/** Calls back with the URL of an echo server, and closes the server when the promise of the callback is settled. */
exports.withServer = async use => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  server.on('connection', peer => {
    peer.on('error', () => {})
    peer.on('message', (data, isBinary) => peer.send(data, { binary: isBinary }))
  })
  await new Promise(resolve => server.on('listening', resolve))
  try {
    return await use(`ws://127.0.0.1:${server.address().port}/`)
  } finally {
    for (const peer of server.clients) peer.terminate()
    await new Promise(resolve => server.close(resolve))
  }
}

/** Sends a text and closes when it comes back. Resolves with what happened. */
exports.exchange = (WebSocket, url) =>
  new Promise(resolve => {
    const events = []
    const socket = new WebSocket(url)
    socket.onopen = () => socket.send('text')
    socket.onmessage = ({ data }) => {
      events.push(data)
      socket.close(1000)
    }
    socket.onerror = () => events.push('error')
    socket.onclose = ({ code }) => resolve([...events, code].join(' '))
  })

/**
 * Sends three bytes as a view, a buffer and a Blob, for each binaryType. Resolves with what came back, such as `ArrayBuffer 3`; the
 * classes are those of the given scope.
 */
exports.exchangeBinary = async (WebSocket, url, scope = globalThis) => {
  const echoes = []
  for (const binaryType of ['blob', 'arraybuffer']) {
    const socket = new WebSocket(url)
    socket.binaryType = binaryType
    await new Promise(resolve => (socket.onopen = resolve))
    for (const data of [Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2, 3).buffer, new scope.Blob(['abc'])]) {
      const message = new Promise(resolve => (socket.onmessage = resolve))
      socket.send(data)
      const { data: echo } = await message
      const name = ['Blob', 'ArrayBuffer'].find(one => echo instanceof scope[one])
      echoes.push(`${name} ${echo.size ?? echo.byteLength}`)
    }
    socket.close()
    await new Promise(resolve => (socket.onclose = resolve))
  }
  return echoes
}
exports.BINARY_ECHOES = [...Array(3).fill('Blob 3'), ...Array(3).fill('ArrayBuffer 3')]
