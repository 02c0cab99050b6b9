import { CloseEvent, WebSocket } from 'whatwg-websocket'

const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/echo`)
socket.onopen = () => socket.send('hello')
socket.onmessage = ({ data }) => {
  const isOwn = WebSocket === globalThis.WebSocket && CloseEvent === globalThis.CloseEvent
  document.title = `${data} ${isOwn}`
  socket.close()
}
