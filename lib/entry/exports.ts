/** What every entry gives out. */

export { type ConfiguredDefaults, configured } from '../api/configured.ts'
export { drained, failure, handshake, ping, ref, terminate, unref } from '../api/functions.ts'
export { install } from '../api/install.ts'
export {
  type BinaryType,
  WebSocket,
  WebSocket as default,
  type WebSocketConstructor,
  type WebSocketEventMap,
} from '../api/websocket.ts'
export {
  WebSocketStream,
  type WebSocketStreamConstructor,
  type WebSocketStreamOptions,
} from '../api/websocket-stream.ts'
export type { WebSocketCloseInfo } from '../idl/close-info.ts'
export {
  CloseEvent,
  type CloseEventInit,
  type EventInit,
  MessageEvent,
  type MessageEventInit,
} from '../idl/events.ts'
export { WebSocketError, type WebSocketErrorConstructor } from '../idl/websocket-error.ts'
export type { HeadersInput, HeartbeatOptions, PerMessageDeflateOptions, WebSocketOptions } from '../opening/options.ts'
export { ConnectionError, type FailureCode, type HandshakeResponse } from '../protocol/errors.ts'
export type { StreamClasses, WebSocketOpenInfo } from '../session/websocket-stream-state.ts'
export type { Connect, ConnectTarget } from '../transport/connect.ts'
export type { Duplex, HeaderList, Pipe, PipeSink } from '../transport/pipe.ts'
export type { TlsOptions } from '../transport/tls-options.ts'
