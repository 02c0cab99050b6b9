import { CloseEvent } from '../idl/close-event.ts'
import { MessageEvent } from '../idl/message-event.ts'
import { WebSocketError } from '../idl/websocket-error.ts'
import { WebSocket } from './websocket.ts'
import { WebSocketStream } from './websocket-stream.ts'
import { isForeignWindow, makeWindowClasses } from './window-classes.ts'

type Family = Readonly<Record<string, unknown>>

/** The globals that `install` defines, by name. Each family is of one implementation: its first class makes the others' instances. */
const families: readonly Family[] = [
  { WebSocket, CloseEvent, MessageEvent },
  { WebSocketStream, WebSocketError },
]

/** The globals of a window of another realm, such as that of jsdom: its sockets fire its own events, so their classes stay. */
function familiesOf(target: object): readonly Family[] {
  if (!isForeignWindow(target)) return families
  const { WebSocket, WebSocketStream } = makeWindowClasses(target)
  return [{ WebSocket }, { WebSocketStream, WebSocketError }]
}

/**
 * Defines the globals that a browser has for WebSockets as properties of `target`: WebSocket with CloseEvent and MessageEvent, and
 * WebSocketStream with WebSocketError. They are writable, configurable and not enumerable, as Web IDL has it.
 *
 * A `target` that has a WebSocket keeps it, and gets no CloseEvent and no MessageEvent: `event instanceof CloseEvent` would not hold
 * for the events of its sockets. The same goes for WebSocketStream and WebSocketError.
 *
 * A `target` that is a window of another realm, such as that of jsdom, gets classes of its own: their sockets fire its events, and
 * take relative URLs and `Origin` from its location.
 *
 * @param target usually `globalThis`
 * @param options.override whether to replace properties that exist. Default: false
 */
export function install(target: object, options: { readonly override?: boolean } = {}): void {
  // Its own member alone: an inherited one may come from a polluted Object.prototype.
  const override = Object.hasOwn(options, 'override') && options.override === true
  for (const family of familiesOf(target)) {
    const names = Object.keys(family)
    if (!override && names.some(name => keepsFamilyOut(name, family, target))) continue
    for (const name of names) {
      if (name in target && !override) continue
      const value = family[name]
      Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false })
    }
  }
}

/**
 * Whether `target` has an implementation of another, which keeps the family out. Events of ours are instances of the host's event
 * classes as well, so those do not.
 */
function keepsFamilyOut(name: string, family: Readonly<Record<string, unknown>>, target: object): boolean {
  if (name === 'CloseEvent' || name === 'MessageEvent' || !(name in target)) return false
  // Not by reading the property, which makes Node.js load its own implementation.
  return Object.getOwnPropertyDescriptor(target, name)?.value !== family[name]
}
