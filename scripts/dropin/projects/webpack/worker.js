import { WebSocket } from 'whatwg-websocket'

export default {
  fetch: () => new Response(WebSocket.name),
}
