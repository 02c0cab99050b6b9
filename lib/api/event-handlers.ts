/**
 * Event handler IDL attributes (`onopen` and so on).
 *
 * @see https://html.spec.whatwg.org/multipage/webappapis.html#event-handler-idl-attributes
 */
export interface Handler {
  value: object
  /** What stands among the target's listeners; its place there stays when the value is replaced. */
  readonly listener: (this: unknown, event: { preventDefault(): void }) => void
}

type Target = {
  addEventListener(type: string, listener: (event: any) => void): void
  removeEventListener(type: string, listener: (event: any) => void): void
}

/** The handlers of one target, by event name. */
export type EventHandlerMap = Map<string, Handler>

/**
 * Defines `on` + name on a prototype for each of the event names.
 *
 * @param mapOf where a target keeps its handlers; throws a TypeError for what is no such target
 */
export function defineEventHandlers(
  prototype: object,
  names: readonly string[],
  mapOf: (target: unknown) => EventHandlerMap,
): void {
  for (const name of names) {
    const { get, set } = accessors(name, mapOf)
    Object.defineProperty(get, 'name', { value: `get on${name}` })
    Object.defineProperty(set, 'name', { value: `set on${name}` })
    Object.defineProperty(prototype, `on${name}`, { get, set, enumerable: true, configurable: true })
  }
}

function accessors(
  name: string,
  mapOf: (target: unknown) => EventHandlerMap,
): { get(): unknown; set(value: unknown): void } {
  return {
    get(this: unknown): unknown {
      return mapOf(this).get(name)?.value ?? null
    },
    set(this: unknown, value: unknown): void {
      // [LegacyTreatNonObjectAsNull]
      const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function'
      if (isObject) activate(mapOf(this), this as Target, name, value)
      else deactivate(mapOf(this), this as Target, name)
    },
  }
}

function activate(map: EventHandlerMap, target: Target, name: string, value: object): void {
  const existing = map.get(name)
  if (existing !== undefined) {
    existing.value = value
    return
  }
  const handler: Handler = {
    value,
    listener(event) {
      // A handler that is an object but no function is kept, and does nothing.
      if (typeof handler.value === 'function' && handler.value.call(this, event) === false) event.preventDefault()
    },
  }
  map.set(name, handler)
  target.addEventListener(name, handler.listener)
}

function deactivate(map: EventHandlerMap, target: Target, name: string): void {
  const handler = map.get(name)
  if (handler === undefined) return
  map.delete(name)
  target.removeEventListener(name, handler.listener)
}
