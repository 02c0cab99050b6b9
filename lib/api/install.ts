import { CloseEvent } from '../idl/close-event.ts'
import { MessageEvent } from '../idl/message-event.ts'
import { WebSocketError } from '../idl/websocket-error.ts'
import { WebSocket } from './websocket.ts'
import { WebSocketStream } from './websocket-stream.ts'

/** The globals that `install` defines, by name. */
const globals: Readonly<Record<string, unknown>> = {
  WebSocket,
  WebSocketStream,
  WebSocketError,
  CloseEvent,
  MessageEvent,
}

/**
 * Defines the globals that a browser has for WebSockets as properties of `target`: WebSocket, WebSocketStream, WebSocketError,
 * CloseEvent and MessageEvent. They are writable, configurable and not enumerable, as Web IDL has it.
 *
 * @param target usually `globalThis`
 * @param options.override whether to replace properties that exist. Default: false
 */
export function install(target: object, options: { readonly override?: boolean } = {}): void {
  for (const [name, value] of Object.entries(globals)) {
    // Its own member alone: an inherited one may come from a polluted Object.prototype.
    const override = Object.hasOwn(options, 'override') && options.override === true
    if (name in target && !override) continue
    Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false })
  }
}
