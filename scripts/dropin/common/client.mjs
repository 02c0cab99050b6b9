// Copied into each project. Exchanges a text with the server at the URL in its last argument, and prints what happened.
import { WebSocket } from 'whatwg-websocket'

const events = []
const socket = new WebSocket(process.argv.at(-1))
socket.onopen = () => socket.send('text')
socket.onmessage = ({ data }) => {
  events.push(data)
  socket.close(1000)
}
socket.onerror = () => events.push('error')
socket.onclose = ({ code }) => console.log(...events, code)
