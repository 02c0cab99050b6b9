/** What every entry gives out. */

export type { WebSocketCloseInfo } from '../api/close-info.ts'
export { type ConfiguredDefaults, configured } from '../api/configured.ts'
export {
  CloseEvent,
  type CloseEventInit,
  type EventInit,
  MessageEvent,
  type MessageEventInit,
} from '../api/events.ts'
export { drained, failure, handshake, ping, ref, terminate, unref } from '../api/functions.ts'
export { install } from '../api/install.ts'
export type { HeadersInput, HeartbeatOptions, PerMessageDeflateOptions, WebSocketOptions } from '../api/options.ts'
export {
  type BinaryType,
  WebSocket,
  WebSocket as default,
  type WebSocketConstructor,
  type WebSocketEventMap,
} from '../api/websocket.ts'
export { WebSocketError, type WebSocketErrorConstructor } from '../api/websocket-error.ts'
export {
  WebSocketStream,
  type WebSocketStreamConstructor,
  type WebSocketStreamOptions,
} from '../api/websocket-stream.ts'
export type { StreamClasses, WebSocketOpenInfo } from '../api/websocket-stream-state.ts'
export { ConnectionError, type FailureCode, type HandshakeResponse } from '../protocol/errors.ts'
export type { Connect, ConnectTarget, TlsOptions } from '../transport/connect.ts'
export type { Duplex, HeaderList, Pipe, PipeSink } from '../transport/pipe.ts'
