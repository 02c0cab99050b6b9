import { CloseEvent, HostWebSocket, hasWebSocket, MessageEvent } from './host-classes.ts'
import { WebSocketError, WebSocketStream } from './websocket-stream.ts'

/** The globals that `install` defines, by name, in families as in `api/install.ts`. What stands in for a missing WebSocket is none. */
function families(): Readonly<Record<string, unknown>>[] {
  const streams = { WebSocketStream, WebSocketError }
  return hasWebSocket ? [{ WebSocket: HostWebSocket, CloseEvent, MessageEvent }, streams] : [streams]
}

/**
 * Defines the globals that a browser has for WebSockets as properties of `target`, as far as they are missing: see
 * `api/install.ts`, whose contract this has. In a browser those are WebSocketStream and WebSocketError.
 */
export function install(target: object, options: { readonly override?: boolean } = {}): void {
  const override = Object.hasOwn(options, 'override') && options.override === true
  for (const family of families()) {
    const [first] = Object.keys(family) as [string]
    if (!override && first in target && (target as Record<string, unknown>)[first] !== family[first]) continue
    for (const [name, value] of Object.entries(family)) {
      if (name in target && !override) continue
      Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false })
    }
  }
}
