/** The entry of the stand-in for the client of ws, for Node.js, Bun and Deno. */

import './node.ts'

export type { BinaryType } from '../ws/binary-type.ts'
export type { EmittedEvents, Emitter } from '../ws/emitter.ts'
export type {
  CloseEvent,
  ErrorEvent,
  Event,
  EventHandler,
  MessageEvent,
  RawData,
  WebSocketEventMap,
} from '../ws/events.ts'
export type { ClientOptions } from '../ws/options.ts'
export type { SendCallback } from '../ws/send-callback.ts'
export {
  extension,
  PerMessageDeflate,
  Receiver,
  Sender,
  subprotocol,
  WebSocketServer,
  WebSocketServer as Server,
} from '../ws/server-parts.ts'
export { createWebSocketStream } from '../ws/stream.ts'
export { type SendOptions, WebSocket, WebSocket as default, type WebSocketClient } from '../ws/websocket.ts'
