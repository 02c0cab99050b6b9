// Copied into each project: a server program that imports and requires each entry, to be bundled. It prints what is one copy.
import Default, { CloseEvent, ConnectionError, WebSocket } from 'whatwg-websocket'
import 'whatwg-websocket/polyfill'
import { memoryPair } from 'whatwg-websocket/transport/memory'
import WsDefault, { WebSocket as WsWebSocket } from 'whatwg-websocket/ws'
import required from './one-copy-require.cjs'

const socket = new WsDefault('ws://127.0.0.1:1/')
socket.on('error', error => {
  const same = {
    default: Default === WebSocket,
    require: required.main.WebSocket === WebSocket && required.main.CloseEvent === CloseEvent,
    polyfill: globalThis.WebSocketStream === required.main.WebSocketStream,
    transport: required.memory.memoryPair === memoryPair,
    ws: required.Ws === WsDefault && WsWebSocket === WsDefault && required.Ws.WebSocket === WsDefault,
    // What the stand-in says comes from the engine of the package.
    engine: error.cause instanceof ConnectionError,
  }
  console.log(
    Object.entries(same)
      .map(words => words.join(' '))
      .join(', '),
  )
})
socket.terminate()
