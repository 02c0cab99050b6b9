import { CloseEvent } from '../idl/close-event.ts'
import { MessageEvent } from '../idl/message-event.ts'
import { WebSocketError } from '../idl/websocket-error.ts'
import { WebSocket } from './websocket.ts'
import { WebSocketStream } from './websocket-stream.ts'

/** What `install` defines. */
const globals: Readonly<Record<string, unknown>> = {
  WebSocket,
  WebSocketStream,
  WebSocketError,
  CloseEvent,
  MessageEvent,
}

/**
 * Defines the globals that a browser has for WebSockets on `target`, as the browser does: writable, configurable, not
 * enumerable.
 *
 * @param target mostly `globalThis`
 * @param options.override also replaces what is there. Default: false
 */
export function install(target: object, options: { readonly override?: boolean } = {}): void {
  for (const [name, value] of Object.entries(globals)) {
    if (name in target && options.override !== true) continue
    Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false })
  }
}
