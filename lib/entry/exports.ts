/**
 * The exports of every entry: the public API of the package. Each type that the type of a function or a member leads to is among
 * them: a library's declarations name it by what the package exports, and cannot be made without (TS2742). Those that no user
 * writes have the tag `hidden` where they are declared, by which they are on no page of the API.
 */

export { type ConfiguredDefaults, configured } from '../api/configured.ts'
export { drained, failure, handshake, ping, ref, terminate, unref } from '../api/functions.ts'
export { install } from '../api/install.ts'
export { disposable, messages } from '../api/iteration.ts'
export { WebSocket, WebSocket as default } from '../api/websocket.ts'
export type {
  BinaryType,
  WebSocket as WebSocketInterface,
  WebSocketConstructor,
  WebSocketEventMap,
} from '../api/websocket-interface.ts'
export {
  WebSocketStream,
  type WebSocketStreamConstructor,
  type WebSocketStreamOptions,
} from '../api/websocket-stream.ts'
export type {
  AbortSignalLike,
  BlobLike,
  DOMExceptionLike,
  EventLike,
  EventListenerLike,
  EventTargetLike,
  HasHref,
  ReadableStream as HostReadableStream,
  ReadableStreamLike,
  ReadableStreamReaderLike,
  URLLike,
  WritableStream as HostWritableStream,
  WritableStreamLike,
  WritableStreamWriterLike,
} from '../host/host-types.ts'
export { CloseEvent, type CloseEventConstructor, type CloseEventInit } from '../idl/close-event.ts'
export type { WebSocketCloseInfo } from '../idl/close-info.ts'
export type { EventInit } from '../idl/host-event.ts'
export {
  MessageEvent,
  type MessageEventConstructor,
  type MessageEventInit,
} from '../idl/message-event.ts'
export { WebSocketError, type WebSocketErrorConstructor } from '../idl/websocket-error.ts'
export type { UpgradeOption } from '../opening/options/connect.ts'
export type { CookieJar } from '../opening/options/cookies.ts'
export type { PerMessageDeflateOptions } from '../opening/options/deflate.ts'
export type { HeadersInput } from '../opening/options/headers.ts'
export type { HeartbeatOptions } from '../opening/options/heartbeat.ts'
export type { WebSocketInit } from '../opening/options/init.ts'
export type { ProxyOptions } from '../opening/options/proxy.ts'
export type { WebSocketOptions } from '../opening/options.ts'
export type { WsOptions, WsPerMessageDeflateOptions } from '../opening/ws-options.ts'
export { ConnectionError, type FailureCode, type FailureStep, type HandshakeResponse } from '../protocol/errors.ts'
export type { DisposableSocket } from '../session/disposable.ts'
export type { Message as WebSocketMessage } from '../session/message-readable.ts'
export type { StreamClasses, WebSocketOpenInfo } from '../session/websocket-stream-state.ts'
export type { Connect, ConnectTarget } from '../transport/connect.ts'
export type { Dispatcher } from '../transport/dispatcher.ts'
export type { Lookup } from '../transport/network.ts'
export type {
  Duplex,
  HeaderList,
  HttpVersion,
  NodeStream,
  Pipe,
  PipeSink,
  ResponseHead,
  TlsState,
  Upgrade,
  UpgradeHandler,
  UpgradeRequest,
  WayInfo,
} from '../transport/pipe.ts'
export type { TlsOptions } from '../transport/tls-options.ts'
