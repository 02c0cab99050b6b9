import { host } from '../host/host.ts'

/**
 * An event handler: the value of an attribute such as `onopen`.
 *
 * @see https://html.spec.whatwg.org/multipage/webappapis.html#event-handler-idl-attributes
 */
export interface Handler {
  /** The name of the event, without "on". */
  readonly name: string
  /** A function, or an object that is kept and never called. */
  value: object
}

/** The listener that calls the value of a handler. It keeps its place among a target's listeners when the value is replaced. */
type Listener = (this: unknown, event: { readonly currentTarget: unknown; preventDefault(): void }) => void

type Target = {
  addEventListener(type: string, listener: (event: any) => void): void
  removeEventListener(type: string, listener: (event: any) => void): void
}

/**
 * The holder of a target's handlers. An array of exact size, since a Map takes several times the memory, which idle sockets
 * would pay (bench: idle).
 */
export interface HandlerOwner {
  handlers: readonly Handler[]
}

/** The handlers of a new owner, one array for all. */
export const NO_HANDLERS: readonly Handler[] = []

/**
 * Defines the attribute `on` + name on a prototype, for each of the event names.
 *
 * @param ownerOf gives the owner of a target's handlers; throws a TypeError if its argument is no such target
 */
export function defineEventHandlers(
  prototype: object,
  names: readonly string[],
  ownerOf: (target: unknown) => HandlerOwner,
): void {
  for (const name of names) {
    const { get, set } = accessors(name, ownerOf)
    Object.defineProperty(get, 'name', { value: `get on${name}` })
    Object.defineProperty(set, 'name', { value: `set on${name}` })
    Object.defineProperty(prototype, `on${name}`, { get, set, enumerable: true, configurable: true })
  }
}

function accessors(
  name: string,
  ownerOf: (target: unknown) => HandlerOwner,
): { get(): unknown; set(value: unknown): void } {
  // One listener for all targets: a function for each handler of each socket takes more memory than the handler (bench: idle).
  const listener: Listener = function (event) {
    // In its older modes, workerd calls listeners with another `this`.
    const target = host.callsEventHandlers === true ? event.currentTarget : this
    const value = find(ownerOf(target), name)?.value
    if (typeof value === 'function' && value.call(target, event) === false) event.preventDefault()
  }
  return {
    get(this: unknown): unknown {
      if (hidden.target === this && hidden.name === name) {
        hidden.target = undefined
        return null
      }
      return find(ownerOf(this), name)?.value ?? null
    },
    set(this: unknown, value: unknown): void {
      const owner = ownerOf(this)
      const handler = find(owner, name)
      // [LegacyTreatNonObjectAsNull]
      const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function'
      if (isObject && handler !== undefined) handler.value = value
      else if (isObject) {
        // Not an array literal with a spread, which reserves memory for 16 more elements (bench: idle). And `concat` is fast for
        // arrays alone (bench: connect and close).
        owner.handlers = owner.handlers.concat([{ name, value }])
        ;(this as Target).addEventListener(name, listener)
      } else if (handler !== undefined) {
        // `filter` alone would reserve memory for more elements as well, so its result is copied.
        owner.handlers = NO_HANDLERS.concat(owner.handlers.filter(other => other !== handler))
        ;(this as Target).removeEventListener(name, listener)
      }
    },
  }
}

/** The host's own method, taken at load: a `dispatchEvent` that somebody puts on a target is not called. */
const { dispatchEvent } = EventTarget.prototype as { dispatchEvent(this: unknown, event: unknown): boolean }

/**
 * The attribute whose next read gives null, whatever handler it has. Set from the call of the host's `dispatchEvent` until the
 * host reads the attribute, which it does before any listener runs.
 */
const hidden: { target: unknown; name: string } = { target: undefined, name: '' }

/**
 * Dispatches an event on a target with event handlers. A host that calls handlers by itself finds none: they are among the
 * listeners already, in the place that the standard gives them.
 */
export function dispatch(target: unknown, event: unknown): boolean {
  if (host.callsEventHandlers !== true) return dispatchEvent.call(target, event)
  hidden.target = target
  hidden.name = String(Object(event).type)
  try {
    return dispatchEvent.call(target, event)
  } finally {
    hidden.target = undefined
  }
}

/** Defines a `dispatchEvent` of the program's, which hides the handlers from the host as well. */
export function defineDispatchEvent(prototype: object): void {
  const dispatchEvent = function (this: unknown, event: unknown): boolean {
    return dispatch(this, event)
  }
  Object.defineProperty(prototype, 'dispatchEvent', { value: dispatchEvent, writable: true, configurable: true })
}

/** Not by a method of arrays, which costs a call for each handler: each message that is received looks for one. */
function find({ handlers }: HandlerOwner, name: string): Handler | undefined {
  for (let index = 0; index < handlers.length; index++) if (handlers[index]!.name === name) return handlers[index]
  return undefined
}
