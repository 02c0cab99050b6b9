// A library over this package, whose declarations TypeScript makes: each inferred type here has to have a name that the package exports.
import {
  CloseEvent,
  ConnectionError,
  configured,
  disposable,
  drained,
  failure,
  handshake,
  install,
  MessageEvent,
  messages,
  ping,
  WebSocket,
  WebSocketError,
  WebSocketStream,
} from 'whatwg-websocket'
import { memoryPair } from 'whatwg-websocket/transport/memory'

export const connect = (url: string) => new WebSocket(url)
export const configure = () => configured({ binaryType: 'arraybuffer' })
export const ofSocket = (socket: WebSocket) => ({
  ...{
    messages: messages(socket),
    disposable: disposable(socket),
    handshake: handshake(socket),
    failure: failure(socket),
  },
  ...{
    drained: drained(socket),
    ping: ping(socket),
    handler: socket.onmessage,
    send: socket.send,
    state: socket.readyState,
  },
  ...{ addEventListener: socket.addEventListener, close: socket.close, binaryType: socket.binaryType },
})
export const openStream = () => new WebSocketStream('wss://echo.example/')
export const ofStream = async (stream: WebSocketStream) => {
  const opened = await stream.opened
  const { readable, writable } = opened
  return {
    opened,
    readable,
    writable,
    reader: readable.getReader(),
    writer: writable.getWriter(),
    closed: await stream.closed,
  }
}
export const ofEvents = (message: MessageEvent, close: CloseEvent) => [message.data, message.ports, close.code] as const
export const classes = () => [WebSocketError, ConnectionError, CloseEvent, MessageEvent, WebSocketStream, install]
export const pair = () => memoryPair()
export class Client extends WebSocket {
  get handlers() {
    return [this.onopen, this.onclose]
  }
}
export class StreamClient extends WebSocketStream {}
export const Derived = class extends configured({}) {}
export const mixin = <Base extends new (...values: any[]) => WebSocket>(base: Base) => class extends base {}
