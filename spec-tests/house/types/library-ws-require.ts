// As library-ws.ts, of a library that is CommonJS.
import Ws = require('whatwg-websocket/ws')

export const connect = (url: string) => new Ws(url)
export const ofSocket = (socket: Ws) => ({
  ...{
    stream: Ws.createWebSocketStream(socket),
    onmessage: socket.onmessage,
    onclose: socket.onclose,
    send: socket.send,
  },
  ...{ binaryType: socket.binaryType, add: socket.addEventListener, itself: socket.on('message', data => data) },
})
export class Own extends Ws {}
export type OpenHandler = Ws.EventHandler<'open', Own>
