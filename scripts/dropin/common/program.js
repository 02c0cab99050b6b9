// Copied into each project: a server program, to be bundled. Its argument is the URL of an echo server.
import { CloseEvent, MessageEvent, WebSocket, WebSocketError, WebSocketStream } from 'whatwg-websocket'

const socket = new WebSocket(process.argv[2])
const events = []
socket.onopen = () => socket.send('text')
socket.onmessage = ({ data }) => {
  events.push(data)
  socket.close(1000)
}
socket.onclose = ({ code }) => {
  console.log(...events, code)
  // What bundlers and minifiers do to names.
  console.log(...[WebSocket, CloseEvent, MessageEvent, WebSocketStream, WebSocketError].map(({ name }) => name))
  try {
    WebSocket()
  } catch (error) {
    console.log(error.message)
  }
}
