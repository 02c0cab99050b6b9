import type { Event } from '../host/host-types.ts'

/** The second argument of the constructor `Event`. */
export interface EventInit {
  /** Default: false. */
  bubbles?: boolean
  /** Default: false. */
  cancelable?: boolean
  /** Default: false. */
  composed?: boolean
}

/** The host's Event, as far as its subclasses here use it; the type of the global differs between programs. */
interface HostEvent {
  readonly eventPhase: number
  initEvent?(type: string, bubbles?: boolean, cancelable?: boolean): void
}

/** The class at load, which is that of the EventTarget at load: a DOM that is put on the global scope later has others. */
export const HostEvent = globalThis.Event as unknown as new (type: unknown, init?: unknown) => HostEvent

/** Makes an event of the interface Event itself, such as `open` and `error`. */
export function plainEvent(type: string): Event {
  return trusted(new HostEvent(type) as unknown as Event)
}

/**
 * Makes `isTrusted` true, as of an event that a user agent fires: a property of the event itself, as in browsers
 * ([LegacyUnforgeable]). Where the host has such a property already, as Bun, it stays false.
 */
export function trusted<Fired extends Event>(event: Fired): Fired {
  Reflect.defineProperty(event, 'isTrusted', IS_TRUSTED)
  return event
}

const IS_TRUSTED = { __proto__: null, get: () => true, enumerable: true } as PropertyDescriptor

/**
 * Initializes an event anew. Deno has no `initEvent`: there, what it would set becomes properties of the event, which is what
 * `dispatchEvent` reads.
 *
 * @see https://dom.spec.whatwg.org/#concept-event-initialize
 */
export function initEvent(event: HostEvent, type: string, bubbles: boolean, cancelable: boolean): void {
  if (event.initEvent !== undefined) return event.initEvent(type, bubbles, cancelable)
  let isCanceled = false
  const preventDefault = (): void => {
    isCanceled = cancelable
  }
  const values = { type, bubbles, cancelable, preventDefault }
  for (const [name, value] of Object.entries(values)) Object.defineProperty(event, name, { value, configurable: true })
  Object.defineProperty(event, 'defaultPrevented', { get: () => isCanceled, configurable: true })
}

/**
 * Converts the second argument of an event's constructor to what the host's Event accepts as its own.
 *
 * @param name the interface, for error messages
 * @throws TypeError for a value that is neither an object nor undefined nor null
 */
export function toEventInit(value: unknown, name: string): unknown {
  // Hosts handle undefined faster than an empty dictionary.
  if (value === undefined || value === null) return undefined
  if (typeof value === 'object') return value
  if (typeof value !== 'function') throw new TypeError(`The second argument of ${name} must be an object`)
  // A function is an object to Web IDL, but not to every host.
  const { bubbles, cancelable, composed } = value as EventInit
  return { bubbles, cancelable, composed }
}
