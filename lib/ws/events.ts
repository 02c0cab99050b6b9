import type { Buffer } from 'node:buffer'
import type { EventEmitter } from 'node:events'
import type { Blob } from '../host/host-types.ts'
import { showInConsole } from '../idl/inspection.ts'

/** A message as the event "message" brings it: text and binary alike, by `binaryType`. */
export type RawData = Buffer | ArrayBuffer | Buffer[] | Blob

/*
 * The events that listeners of `addEventListener`, and the attributes such as `onmessage`, are called with. As with ws, these are
 * plain objects with a few members, made for each listener, and no instances of the host's Event.
 */

/** What a listener for "open" is called with. */
export class Event<Target = unknown> {
  readonly #type: string
  readonly #target: Target

  constructor(type: string, target: Target) {
    this.#type = type
    this.#target = target
  }

  /** The name of the event. */
  get type(): string {
    return this.#type
  }

  /** The socket. */
  get target(): Target {
    return this.#target
  }
}

/** What a listener for "message" is called with. */
export class MessageEvent<Target = unknown> extends Event<Target> {
  readonly #data: string | RawData

  constructor(target: Target, data: string | RawData) {
    super('message', target)
    this.#data = data
  }

  /** A string for a text message; a binary one as `binaryType` has it. */
  get data(): string | RawData {
    return this.#data
  }
}

/** What a listener for "close" is called with. */
export class CloseEvent<Target = unknown> extends Event<Target> {
  readonly #code: number
  readonly #reason: string
  readonly #wasClean: boolean

  constructor(target: Target, code: number, reason: string, wasClean: boolean) {
    super('close', target)
    this.#code = code
    this.#reason = reason
    this.#wasClean = wasClean
  }

  /** The code of the server's Close frame (RFC 6455 section 7.4); 1005 if it had none, 1006 if there was no Close frame. */
  get code(): number {
    return this.#code
  }

  /** The reason of that frame. */
  get reason(): string {
    return this.#reason
  }

  /** Whether both sides have closed the connection by a closing handshake. */
  get wasClean(): boolean {
    return this.#wasClean
  }
}

/** What a listener for "error" is called with. */
export class ErrorEvent<Target = unknown> extends Event<Target> {
  readonly #error: any
  readonly #message: string

  constructor(target: Target, error: any) {
    super('error', target)
    this.#error = error
    this.#message = error.message
  }

  /** Why the connection failed. */
  get error(): any {
    return this.#error
  }

  /** The message of `error`. */
  get message(): string {
    return this.#message
  }
}

// As in ws, the attributes are accessors of the prototypes, so an event that is logged as JSON does not contain the whole socket.
for (const [name, value] of Object.entries({ Event, MessageEvent, CloseEvent, ErrorEvent })) {
  // A bundler may rename the class.
  Object.defineProperty(value, 'name', { value: name, configurable: true })
  const attributes = Object.keys(Object.getOwnPropertyDescriptors(value.prototype)).filter(key => key !== 'constructor')
  for (const attribute of attributes) Object.defineProperty(value.prototype, attribute, { enumerable: true })
  const shown = ['type', ...attributes.filter(key => key !== 'type' && key !== 'target')]
  showInConsole(value.prototype, event => {
    return Object.fromEntries(shown.map(key => [key, (event as unknown as Record<string, unknown>)[key]]))
  })
}

/** The events that `addEventListener` knows, by their names. */
export interface WebSocketEventMap<Target = unknown> {
  /** The connection is open. */
  open: Event<Target>
  /** A message has arrived. */
  message: MessageEvent<Target>
  /** The connection is closed. */
  close: CloseEvent<Target>
  /** The connection failed. "close" follows. */
  error: ErrorEvent<Target>
}

/** A listener of `addEventListener`, or of an attribute such as `onmessage`. */
export type EventHandler<Type extends keyof WebSocketEventMap, Target> =
  | ((this: Target, event: WebSocketEventMap<Target>[Type]) => void)
  | {
      /** Called with the event. */
      handleEvent(event: WebSocketEventMap<Target>[Type]): void
    }

type AnyHandler = ((event: object) => void) | { handleEvent(event: object): void }

/** A member of the emitter: whether the connection was closed by a closing handshake. */
export const WAS_CLEAN: symbol = Symbol('was clean')
/** The user's function, on the listener that was made for it. */
const HANDLER = Symbol('handler')
/** Whether the listener belongs to an attribute such as `onmessage`. */
const IS_ATTRIBUTE = Symbol('is an attribute')

type MadeListener = ((...values: any[]) => void) & { [HANDLER]?: AnyHandler; [IS_ATTRIBUTE]?: boolean }

/** Makes the event of a type from the values that the emitter passes to its listeners. */
const makers: Readonly<Record<string, (target: object, ...values: any[]) => object>> = {
  open: target => new Event('open', target),
  message: (target, data: RawData, isBinary: boolean) => new MessageEvent(target, isBinary ? data : data.toString()),
  close: (target, code: number, reason: Buffer) =>
    new CloseEvent(target, code, reason.toString(), (target as Record<symbol, unknown>)[WAS_CLEAN] === true),
  error: (target, error: unknown) => new ErrorEvent(target, error),
}

/** Adds a listener for events, unless the same handler was added before. A type without events is ignored. */
export function addHandler(emitter: EventEmitter, type: string, handler: AnyHandler, once: boolean): void {
  if (find(emitter, type, listener => listener[HANDLER] === handler && !listener[IS_ATTRIBUTE]) !== undefined) return
  const listener = makeListener(type, handler)
  if (listener === undefined) return
  if (once) emitter.once(type, listener)
  else emitter.on(type, listener)
}

export function removeHandler(emitter: EventEmitter, type: string, handler: unknown): void {
  const listener = find(emitter, type, one => one[HANDLER] === handler && !one[IS_ATTRIBUTE])
  if (listener !== undefined) emitter.removeListener(type, listener)
}

/** The value of an attribute such as `onmessage`. */
export function attributeHandler(emitter: EventEmitter, type: string): unknown {
  return find(emitter, type, isAttribute)?.[HANDLER] ?? null
}

/** Sets an attribute such as `onmessage`. A value that is no function only removes the previous handler. */
export function setAttributeHandler(emitter: EventEmitter, type: string, handler: unknown): void {
  const old = find(emitter, type, isAttribute)
  if (old !== undefined) emitter.removeListener(type, old)
  if (typeof handler !== 'function') return
  const listener = makeListener(type, handler as AnyHandler)!
  listener[IS_ATTRIBUTE] = true
  emitter.on(type, listener)
}

function makeListener(type: string, handler: AnyHandler): MadeListener | undefined {
  if (!Object.hasOwn(makers, type)) return undefined
  const make = makers[type]!
  const listener: MadeListener = function (this: object, ...values: unknown[]) {
    const event = make(this, ...values)
    if (typeof handler === 'object' && typeof handler.handleEvent === 'function') handler.handleEvent(event)
    else (handler as (this: object, event: object) => void).call(this, event)
  }
  listener[HANDLER] = handler
  return listener
}

function find(
  emitter: EventEmitter,
  type: string,
  matches: (listener: MadeListener) => boolean,
): MadeListener | undefined {
  return (emitter.listeners(type) as MadeListener[]).find(matches)
}

function isAttribute(listener: MadeListener): boolean {
  return listener[IS_ATTRIBUTE] === true
}
