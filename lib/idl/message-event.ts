import type { Event } from '../host/host-types.ts'
import { type EventInit, HostEvent, initEvent, toEventInit } from './host-event.ts'
import { showInConsole } from './inspection.ts'
import { joinHostClasses, registerClass } from './join-host-classes.ts'
import { completeInterface, named, requireArguments, toDOMString, toUSVString } from './webidl.ts'

/** @see https://html.spec.whatwg.org/multipage/comms.html#the-messageevent-interface */
export interface MessageEvent<T = any> extends Event {
  /** The message: a string, or a Blob or ArrayBuffer as `binaryType` says. */
  readonly data: T
  /** The origin of the socket's URL, such as `wss://example.com`. */
  readonly origin: string
  /** Empty: it is for server-sent events. */
  readonly lastEventId: string
  /** Null: it is for messages between windows. */
  readonly source: any
  /** Empty: it is for messages between windows. */
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
  /** Default: null. */
  data?: T
  /** Default: empty. */
  origin?: string
  /** Default: empty. */
  lastEventId?: string
  /** A MessagePort, or null. Default: null. */
  source?: any
  /** MessagePorts. Default: none. */
  ports?: any[]
}

/** @hidden */
export interface MessageEventConstructor {
  new <T = any>(type: string, eventInitDict?: MessageEventInit<T>): MessageEvent<T>
  readonly prototype: MessageEvent
}

const NO_PORTS: readonly never[] = Object.freeze([])
/** No dictionary at all, so that not even a polluted Object.prototype gives it members. */
const NO_INIT: object = Object.freeze(Object.create(null))

/** The attributes that only events made by users have: those of a socket share one object, by which they are told. */
interface OtherAttributes {
  lastEventId: string
  source: unknown
  ports: readonly unknown[]
}
const DEFAULT_ATTRIBUTES: OtherAttributes = { lastEventId: '', source: null, ports: NO_PORTS }

/**
 * The second argument by which `messageEvent` tells the constructor to copy these values and to convert nothing, so that
 * no dictionary is made and each field is written once (bench: receive). Shared by all sockets: the values are valid from
 * the call of the constructor until it calls the host's.
 */
const SOCKET_MESSAGE = { data: undefined as unknown, origin: '' }

/**
 * A class of our own, since the hosts' are several times slower to make (bench: receive). Joined to the host's, so that
 * `instanceof` holds with both.
 */
export const MessageEvent: MessageEventConstructor = named({
  MessageEvent: class extends HostEvent {
    #data: unknown
    #origin: string
    #others = DEFAULT_ATTRIBUTES

    constructor(type: unknown, eventInitDict: unknown = undefined) {
      if (eventInitDict === SOCKET_MESSAGE) {
        // Taken first, since the host's class may be foreign code.
        const { data, origin } = SOCKET_MESSAGE
        super('message')
        this.#data = data
        this.#origin = origin
        return
      }
      requireArguments(arguments.length, 1, 'MessageEvent')
      joinHostClasses()
      super(type, toEventInit(eventInitDict, 'MessageEvent'))
      const { data = null, lastEventId, origin, ports, source } = (eventInitDict ?? NO_INIT) as MessageEventInit
      this.#data = data
      const id = lastEventId === undefined ? '' : toDOMString(lastEventId)
      this.#origin = origin === undefined ? '' : toUSVString(origin)
      const list = ports === undefined ? NO_PORTS : toPorts(ports)
      this.#others = { lastEventId: id, ports: list, source: source === undefined ? null : toSource(source) }
    }

    get data(): unknown {
      return this.#data
    }

    get origin(): string {
      return this.#origin
    }

    get lastEventId(): string {
      return this.#others.lastEventId
    }

    get source(): unknown {
      return this.#others.source
    }

    get ports(): readonly unknown[] {
      return this.#others.ports
    }

    /** True for what a socket has fired, wherever the host lets a subclass say so (see `trusted`). */
    get isTrusted(): boolean {
      return this.#others === DEFAULT_ATTRIBUTES
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
      const name = toDOMString(type)
      const text = toUSVString(origin)
      const others = { lastEventId: toDOMString(lastEventId), source: toSource(source), ports: toPorts(ports) }
      // An event that is being dispatched stays as it is.
      if (this.eventPhase !== 0) return
      initEvent(this, name, Boolean(bubbles), Boolean(cancelable))
      this.#data = data
      this.#origin = text
      this.#others = others
    }
  },
}) as unknown as MessageEventConstructor

completeInterface(MessageEvent as never, 'MessageEvent', [
  'data',
  'origin',
  'lastEventId',
  'source',
  'ports',
  'isTrusted',
  'initMessageEvent',
])
showInConsole(MessageEvent.prototype, ({ type, data, origin }) => ({ type, data, origin }))
registerClass('MessageEvent', MessageEvent)

/** Makes the `message` event of a socket. */
export function messageEvent(data: unknown, origin: string): MessageEvent {
  joinHostClasses()
  SOCKET_MESSAGE.data = data
  SOCKET_MESSAGE.origin = origin
  const event = new MessageEvent('message', SOCKET_MESSAGE)
  // The message must not outlive its event.
  SOCKET_MESSAGE.data = undefined
  return event
}

/** Converts to sequence<MessagePort>. @throws TypeError for anything else */
function toPorts(value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null) throw new TypeError('The ports must be a list')
  return Object.freeze([...(value as Iterable<unknown>)].map(toPort))
}

/** Converts to MessageEventSource, of which hosts other than browsers have only ports. @throws TypeError for anything else */
function toSource(value: unknown): unknown {
  return value === null ? null : toPort(value)
}

function toPort(value: unknown): unknown {
  const { MessagePort } = globalThis as { MessagePort?: new () => unknown }
  if (MessagePort !== undefined && value instanceof MessagePort) return value
  // A MessagePort of another realm is one, too.
  const isForeign = Object.prototype.toString.call(value) === '[object MessagePort]'
  if (isForeign && typeof (value as { postMessage?: unknown }).postMessage === 'function') return value
  throw new TypeError('The value must be a MessagePort')
}
