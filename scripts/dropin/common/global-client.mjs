// Copied into each project. As client.mjs, with the global class, which has to be ours.
import { WebSocket as Ours } from 'whatwg-websocket'

const { WebSocket } = globalThis
const events = []
const socket = new WebSocket(process.argv.at(-1))
socket.onopen = () => socket.send('text')
socket.onmessage = ({ data }) => {
  events.push(data)
  socket.close(1000)
}
socket.onclose = event => {
  const isOurs = WebSocket === Ours && event instanceof globalThis.CloseEvent
  console.log(...events, event.code, isOurs ? 'ours' : 'not ours')
}
