// As library.ts, over the stand-in for ws.
import Default, { createWebSocketStream, WebSocket } from 'whatwg-websocket/ws'

export const connect = (url: string) => new WebSocket(url)
export const connectDefault = (url: string) => new Default(url, 'a', { headers: { a: 'b' } })
export const ofSocket = (socket: WebSocket) => ({
  ...{ stream: createWebSocketStream(socket), onmessage: socket.onmessage, onclose: socket.onclose, send: socket.send },
  ...{ binaryType: socket.binaryType, add: socket.addEventListener, itself: socket.on('message', data => data) },
})
export class Own extends WebSocket {}
export const own = () => new Own('ws://echo.example/')
