/** What a program that is an ES module writes with the stand-in for ws. */

import Default, {
  type ClientOptions,
  createWebSocketStream,
  type RawData,
  WebSocket,
  type WebSocketServer,
} from 'whatwg-websocket/ws'

const options: ClientOptions = {
  headers: { Authorization: 'Basic x' },
  perMessageDeflate: { threshold: 10, zlibDeflateOptions: { level: 3 } },
  rejectUnauthorized: false,
  ca: 'PEM',
  finishRequest: request => request.end(),
}
export const socket: WebSocket = new Default('ws://example.com', ['a'], options)
new WebSocket(new URL('ws://example.com'), options)

socket
  .on('open', function () {
    this.send('text', { binary: true, compress: false, fin: false }, error => error?.message)
  })
  .on('message', (data: RawData, isBinary: boolean) => [data.toString(), isBinary])
  .once('close', (code, reason) => [code.toFixed(), reason.toString('hex')])
  .on('error', error => error.message)
  .on('upgrade', response => response.headers)
  .on('unexpected-response', (request, response) => [request.path, response.statusCode])
  .on('anything else', (...values) => values)
socket.onmessage = event => event.data
socket.addEventListener('close', ({ code, reason, wasClean, target }) => [code, reason, wasClean, target], {
  once: true,
})
socket.binaryType = 'fragments'
socket.ping('data', true, error => error)
socket.pong(error => error)
const state: 0 | 1 | 2 | 3 = socket.readyState
createWebSocketStream(socket, { encoding: 'utf8' }).write(String(state === WebSocket.OPEN))
Default.createWebSocketStream(socket)
export type Server = InstanceType<typeof WebSocketServer>

// @ts-expect-error There is no such type.
socket.binaryType = 'buffer'
// @ts-expect-error The state is not the program's to write.
socket.readyState = 1
