import type { Event } from '../host/host-types.ts'
import { completeInterface, requireArguments, toDOMString, toUnsignedShort, toUSVString } from './webidl.ts'

/**
 * `MessageEvent` and `CloseEvent`. Own classes, since not every host has them (Node.js 20 has no CloseEvent) and the
 * hosts' own are several times slower to make (bench: receive). They are spliced below the host's where there are any,
 * so that `instanceof` holds with both.
 */

export interface EventInit {
  bubbles?: boolean
  cancelable?: boolean
  composed?: boolean
}

/** @see https://html.spec.whatwg.org/multipage/comms.html#the-messageevent-interface */
export interface MessageEvent<T = any> extends Event {
  /** The message: a string, or a Blob or ArrayBuffer as `binaryType` says. */
  readonly data: T
  /** The origin of the socket's URL, such as `wss://example.com`. */
  readonly origin: string
  readonly lastEventId: string
  readonly source: any
  readonly ports: ReadonlyArray<any>
  /** @deprecated use the constructor */
  initMessageEvent(
    type: string,
    bubbles?: boolean,
    cancelable?: boolean,
    data?: any,
    origin?: string,
    lastEventId?: string,
    source?: any,
    ports?: any[],
  ): void
}

export interface MessageEventInit<T = any> extends EventInit {
  data?: T
  origin?: string
  lastEventId?: string
  source?: any
  ports?: any[]
}

/** @see https://websockets.spec.whatwg.org/#the-closeevent-interface */
export interface CloseEvent extends Event {
  /** Whether the closing handshake was completed before the connection closed. */
  readonly wasClean: boolean
  /** The status code that the server sent; 1005 if it sent none, 1006 if the connection failed. */
  readonly code: number
  readonly reason: string
}

export interface CloseEventInit extends EventInit {
  wasClean?: boolean
  code?: number
  reason?: string
}

export interface MessageEventConstructor {
  new <T = any>(type: string, eventInitDict?: MessageEventInit<T>): MessageEvent<T>
  readonly prototype: MessageEvent
}

export interface CloseEventConstructor {
  new (type: string, eventInitDict?: CloseEventInit): CloseEvent
  readonly prototype: CloseEvent
}

// What this file needs of the host's Event; its type is not the same in all programs.
type HostEvent = { readonly eventPhase: number; initEvent(type: string, bubbles?: boolean, cancelable?: boolean): void }
const HostEvent = globalThis.Event as unknown as new (type: unknown, init?: unknown) => HostEvent

const NO_PORTS: readonly never[] = Object.freeze([])

/** What the events of a socket leave as it is. */
interface Rest {
  lastEventId: string
  source: unknown
  ports: readonly unknown[]
}
const NO_REST: Rest = { lastEventId: '', source: null, ports: NO_PORTS }

/** What `messageEvent` gives the constructor: a call with no dictionary, and each field written once (bench: receive). */
const SOCKET_MESSAGE = { data: undefined as unknown, origin: '' }

let setCloseResult: (event: object, wasClean: boolean, code: number, reason: string) => void

export const MessageEvent: MessageEventConstructor = class MessageEvent extends HostEvent {
  #data: unknown
  #origin: string
  #rest = NO_REST

  constructor(type: unknown, eventInitDict: unknown = undefined) {
    if (eventInitDict === SOCKET_MESSAGE) {
      super('message')
      this.#data = SOCKET_MESSAGE.data
      this.#origin = SOCKET_MESSAGE.origin
      return
    }
    requireArguments(arguments.length, 1, 'MessageEvent')
    joinHostClasses()
    super(type, dictionary(eventInitDict, 'MessageEvent'))
    const { data = null, lastEventId, origin, ports, source } = (eventInitDict ?? {}) as MessageEventInit
    this.#data = data
    const id = lastEventId === undefined ? '' : toDOMString(lastEventId)
    this.#origin = origin === undefined ? '' : toUSVString(origin)
    const list = ports === undefined ? NO_PORTS : toPorts(ports)
    this.#rest = { lastEventId: id, ports: list, source: source === undefined ? null : toSource(source) }
  }

  get data(): unknown {
    return this.#data
  }

  get origin(): string {
    return this.#origin
  }

  get lastEventId(): string {
    return this.#rest.lastEventId
  }

  get source(): unknown {
    return this.#rest.source
  }

  get ports(): readonly unknown[] {
    return this.#rest.ports
  }

  initMessageEvent(
    type: string,
    bubbles = false,
    cancelable = false,
    data: unknown = null,
    origin = '',
    lastEventId = '',
    source: unknown = null,
    ports: readonly unknown[] = NO_PORTS,
  ): void {
    requireArguments(arguments.length, 1, 'initMessageEvent')
    // An event that is being dispatched stays as it is.
    if (this.eventPhase !== 0) return
    this.initEvent(toDOMString(type), bubbles, cancelable)
    this.#data = data
    this.#origin = toUSVString(origin)
    this.#rest = { lastEventId: toDOMString(lastEventId), source: toSource(source), ports: toPorts(ports) }
  }
} as unknown as MessageEventConstructor

export const CloseEvent: CloseEventConstructor = class CloseEvent extends HostEvent {
  #wasClean = false
  #code = 0
  #reason = ''

  constructor(type: unknown, eventInitDict: unknown = undefined) {
    requireArguments(arguments.length, 1, 'CloseEvent')
    joinHostClasses()
    super(type, dictionary(eventInitDict, 'CloseEvent'))
    if (eventInitDict === undefined || eventInitDict === null) return
    const { code, reason, wasClean } = eventInitDict as CloseEventInit
    if (code !== undefined) this.#code = toUnsignedShort(code)
    if (reason !== undefined) this.#reason = toUSVString(reason)
    if (wasClean !== undefined) this.#wasClean = Boolean(wasClean)
  }

  get wasClean(): boolean {
    return this.#wasClean
  }

  get code(): number {
    return this.#code
  }

  get reason(): string {
    return this.#reason
  }

  static {
    setCloseResult = (event, wasClean, code, reason) => {
      const close = event as CloseEvent
      close.#wasClean = wasClean
      close.#code = code
      close.#reason = reason
    }
  }
} as unknown as CloseEventConstructor

/** A `message` event of a socket. */
export function messageEvent(data: unknown, origin: string): MessageEvent {
  joinHostClasses()
  SOCKET_MESSAGE.data = data
  SOCKET_MESSAGE.origin = origin
  const event = new MessageEvent('message', SOCKET_MESSAGE)
  SOCKET_MESSAGE.data = undefined
  return event
}

/** A `close` event, made without a dictionary. */
export function closeEvent(wasClean: boolean, code: number, reason: string): CloseEvent {
  const event = new CloseEvent('close')
  setCloseResult(event, wasClean, code, reason)
  return event
}

/** An event of the interface Event itself, such as `open` and `error`. */
export function plainEvent(type: string): Event {
  return new HostEvent(type) as unknown as Event
}

/** The host refuses a dictionary that is no object; an absent one costs it less than an empty one. */
function dictionary(value: unknown, name: string): unknown {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'object') return value
  if (typeof value !== 'function') throw new TypeError(`The second argument of ${name} is not an object`)
  // A function is an object to the IDL, but not to every host.
  const { bubbles, cancelable, composed } = value as EventInit
  return { bubbles, cancelable, composed }
}

/** sequence<MessagePort>. @throws TypeError for anything else */
function toPorts(value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null) throw new TypeError('The ports are not a list')
  return Object.freeze([...(value as Iterable<unknown>)].map(toPort))
}

/** Of MessageEventSource a port is all that there is outside of browsers. @throws TypeError for anything else */
function toSource(value: unknown): unknown {
  return value === null ? null : toPort(value)
}

function toPort(value: unknown): unknown {
  const { MessagePort } = globalThis as { MessagePort?: new () => unknown }
  if (MessagePort !== undefined && value instanceof MessagePort) return value
  throw new TypeError('This is not a MessagePort')
}

let joined = false

/**
 * Splices our classes below the host's global ones of the same name, so that `instanceof` holds with both; not where ours
 * are the global ones. Done before the first event and no earlier: to touch the globals loads much of Node.js.
 */
export function joinHostClasses(): void {
  if (joined) return
  joined = true
  const globals = globalThis as { MessageEvent?: { prototype: object }; CloseEvent?: { prototype: object } }
  join(MessageEvent as never, globals.MessageEvent)
  join(CloseEvent as never, globals.CloseEvent)
}

function join(own: { prototype: object }, hosts: { prototype: object } | undefined): void {
  if (hosts !== undefined && hosts !== own) Object.setPrototypeOf(own.prototype, hosts.prototype)
}

completeInterface(MessageEvent as never, 'MessageEvent', [
  'data',
  'origin',
  'lastEventId',
  'source',
  'ports',
  'initMessageEvent',
])
completeInterface(CloseEvent as never, 'CloseEvent', ['wasClean', 'code', 'reason'])
