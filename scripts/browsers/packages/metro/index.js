import { configured, failure, ping, WebSocket } from 'whatwg-websocket'

globalThis.told = []
const tell = (...words) => globalThis.told.push(words.map(String).join(' '))

tell(WebSocket === globalThis.WebSocket)
const Configured = configured({
  headers: { Authorization: 'Bearer 123', 'X-Kind': 'any' },
  origin: 'https://a.example',
})
const socket = new Configured('ws://localhost/path', ['chat'], { headers: { 'x-kind': 'special' } })
tell(socket.url, socket.protocols, JSON.stringify(socket.options))
try {
  ping(socket)
} catch (error) {
  tell(error.code, error.message)
}
try {
  configured({ tls: {} })
} catch (error) {
  tell(error.code)
}
socket.onerror = () => tell(failure(socket).code, failure(socket).message)
