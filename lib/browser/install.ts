import { CloseEvent, HostWebSocket, hasWebSocket, MessageEvent } from './host-classes.ts'
import { WebSocketError, WebSocketStream } from './websocket-stream.ts'

/**
 * Defines the globals that a browser has for WebSockets as properties of `target`, as far as they are missing: see
 * `api/install.ts`, whose contract this has. In a browser those are WebSocketStream and WebSocketError.
 */
export function install(target: object, options: { readonly override?: boolean } = {}): void {
  const override = Object.hasOwn(options, 'override') && options.override === true
  const globals = {
    WebSocketStream,
    WebSocketError,
    ...(hasWebSocket && { WebSocket: HostWebSocket, CloseEvent, MessageEvent }),
  }
  for (const [name, value] of Object.entries(globals)) {
    if (name in target && !override) continue
    Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false })
  }
}
