import type { CloseEventConstructor } from '../idl/close-event.ts'
import type { MessageEventConstructor } from '../idl/message-event.ts'
import { unsupported } from './unsupported.ts'

/**
 * The host's own classes, as they were at load. Where a page is rendered on a server there may be none, and React Native has
 * but some: in place of each stands a class that can be imported, extended and tested for.
 */

/** A WebSocket of the host, as far as it is used here. What old versions of React Native lack is optional. */
export interface HostSocket {
  readonly url?: string
  readonly readyState: number
  readonly bufferedAmount?: number
  readonly protocol?: string
  readonly extensions?: string
  binaryType: string
  send(data: string | Uint8Array): void
  close(code?: number, reason?: string): void
  addEventListener(type: string, listener: (event: HostSocketEvent) => void, options?: unknown): void
  dispatchEvent(event: unknown): boolean
}

/**
 * The members of a socket's events that are used. Events of React Native may lack `wasClean`, and errors have a `message`
 * there.
 */
export interface HostSocketEvent {
  readonly type: string
  readonly data?: unknown
  readonly code?: number
  readonly reason?: string
  readonly wasClean?: boolean
  readonly message?: string
  stopImmediatePropagation?(): void
}

export interface HostSocketConstructor {
  new (
    url: string,
    protocols: readonly string[],
    options?: { readonly headers: Readonly<Record<string, string>> },
  ): HostSocket
  readonly prototype: HostSocket
}

/** The global scope, whose classes the types of this library know by other names. */
export const scope = globalThis as unknown as Readonly<Record<string, unknown>>

export const hasWebSocket: boolean = typeof scope.WebSocket === 'function'

/** The event of an old React Native, which dispatches any object with a type. */
class PlainEvent {
  readonly type: string

  constructor(type: string, init: object = {}) {
    this.type = String(type)
    Object.assign(this, init)
  }
}

/**
 * Substitutes for classes that the host lacks. The classes are members of an object, and their constants are accessors, so that they
 * keep their names: a bundler that rewrites static fields for old engines renames the class.
 */
const substitutes = {
  CloseEvent: class extends PlainEvent {},
  MessageEvent: class extends PlainEvent {},
  WebSocket: class {
    static get CONNECTING() {
      return 0
    }

    static get OPEN() {
      return 1
    }

    static get CLOSING() {
      return 2
    }

    static get CLOSED() {
      return 3
    }

    constructor() {
      throw unsupported('A WebSocket', 'on this host, which has none')
    }
  },
}

/** The host's class itself wherever there is one, so that it is the global one. */
export const HostWebSocket = (scope.WebSocket ?? substitutes.WebSocket) as HostSocketConstructor
/** The host's class of close events. */
export const CloseEvent = (scope.CloseEvent ?? substitutes.CloseEvent) as CloseEventConstructor
/** The host's class of message events. */
export const MessageEvent = (scope.MessageEvent ?? substitutes.MessageEvent) as MessageEventConstructor

/** Makes an `error` event. */
export function errorEvent(): object {
  const HostEvent = scope.Event as (new (type: string) => object) | undefined
  return HostEvent === undefined ? new PlainEvent('error') : new HostEvent('error')
}
