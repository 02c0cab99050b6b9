'use strict'
// Copied into each project. The global setup of test frameworks: an echo server in their main process, since `ws` does not load where
// the condition "browser" counts. The tests find its URL in the environment.
const { WebSocketServer } = require('ws')

module.exports = async () => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  server.on('connection', (peer, request) => {
    peer.on('error', () => {})
    peer.on('message', (data, isBinary) => {
      // What a page sends of itself.
      if (String(data) === 'request?') peer.send(`${request.url} ${request.headers.origin ?? '-'}`)
      else peer.send(data, { binary: isBinary })
    })
  })
  await new Promise(resolve => server.on('listening', resolve))
  process.env.ECHO_URL = `ws://127.0.0.1:${server.address().port}/`
  // Jest keeps it for the teardown; Vitest calls what is returned.
  const close = async () => {
    for (const peer of server.clients) peer.terminate()
    await new Promise(resolve => server.close(resolve))
  }
  globalThis.closeEchoServer = close
  return close
}
