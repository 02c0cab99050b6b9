import type { Event } from '../host/host-types.ts'

export interface EventInit {
  bubbles?: boolean
  cancelable?: boolean
  composed?: boolean
}

/** The host's Event, as far as its subclasses here use it; the type of the global differs between programs. */
type HostEvent = { readonly eventPhase: number; initEvent(type: string, bubbles?: boolean, cancelable?: boolean): void }
export const HostEvent = globalThis.Event as unknown as new (type: unknown, init?: unknown) => HostEvent

/** Makes an event of the interface Event itself, such as `open` and `error`. */
export function plainEvent(type: string): Event {
  return new HostEvent(type) as unknown as Event
}

/**
 * Converts the second argument of an event's constructor to what the host's Event accepts as its own.
 *
 * @param name the interface, for error messages
 * @throws TypeError for what is neither an object nor undefined nor null
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
