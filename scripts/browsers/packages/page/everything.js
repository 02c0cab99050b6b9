import * as lib from 'whatwg-websocket'
import 'whatwg-websocket/polyfill'

const { configured, drained, failure, handshake, install, ping, terminate, WebSocket, WebSocketError } = lib

const Configured = configured({ headers: { a: 'b' }, browser: 'ignore', handshakeTimeout: 5000 })
const stream = new lib.WebSocketStream(`${location.origin.replace('http', 'ws')}/echo`)
const { readable, writable } = await stream.opened
await writable.getWriter().write('hello')
const { value } = await readable.getReader().read()
stream.close()

const socket = new Configured(stream.url)
await new Promise(resolve => {
  socket.onopen = resolve
})
await drained(socket)
let code
try {
  ping(socket)
} catch (error) {
  code = error.code
}
socket.onclose = () => {
  const words = [value, code, failure(socket).code, handshake(socket), socket instanceof WebSocket]
  document.title = [...words, typeof install, typeof WebSocketError].map(String).join(' ')
}
terminate(socket)
