/** The exports of the entries for hosts that have their own WebSocket: those of `exports.ts`, by the same names and types. */

import type { WebSocketConstructor, WebSocket as WebSocketInterface } from '../api/websocket-interface.ts'
import { HostWebSocket } from '../browser/host-classes.ts'

export type { ConfiguredDefaults } from '../api/configured.ts'
export type { BinaryType, WebSocketConstructor, WebSocketEventMap } from '../api/websocket-interface.ts'
export type { WebSocketStreamConstructor, WebSocketStreamOptions } from '../api/websocket-stream.ts'
export { configured } from '../browser/configured.ts'
export { drained, failure, handshake, ping, ref, terminate, unref } from '../browser/functions.ts'
export { CloseEvent, MessageEvent } from '../browser/host-classes.ts'
export { install } from '../browser/install.ts'
export { disposable, messages } from '../browser/iteration.ts'
export { WebSocketError, WebSocketStream } from '../browser/websocket-stream.ts'
export { ConnectionError } from '../protocol/errors.ts'
export type { DisposableSocket } from '../session/disposable.ts'

/** The host's own class. */
export const WebSocket: WebSocketConstructor = HostWebSocket as unknown as WebSocketConstructor
export type WebSocket = WebSocketInterface
export { WebSocket as default }
