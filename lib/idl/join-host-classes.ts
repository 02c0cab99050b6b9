import { host } from '../host/host.ts'
import { HostEvent } from './host-event.ts'

type EventClass = { readonly prototype: object }

/**
 * The event classes of this package, by the names of their interfaces, and whether they are joined to the host's or will be.
 * Shared by the whole process, as classes and globals are.
 */
const joining = { classes: new Map<string, EventClass>(), done: false }

/** Registers a class for `joinHostClasses`. */
export function registerClass(name: string, ownClass: EventClass): void {
  joining.classes.set(name, ownClass)
}

/**
 * Makes an event of ours an instance of the host's class of the same name, too. This has to happen before the first event.
 *
 * Node.js makes its classes when somebody reads their globals, which takes longer than all the rest of the first connection
 * (bench: import). So there the classes are joined when somebody asks.
 */
export function joinHostClasses(): void {
  if (joining.done) return
  joining.done = true
  if (host.makesEventClassesLazily !== true || !joinWhenAsked()) join()
}

/** The same in a task of its own: it may load much of the host. */
export function joinHostClassesSoon(): void {
  if (!joining.done) host.queueTask(joinHostClasses)
}

/**
 * Sets the prototype of each class to that of the host's. A class of ours that is itself the global one stays as it is, and so
 * does one whose name belongs to a class of another realm: an event has to be of the Event that dispatches it.
 */
function join(): void {
  for (const [name, ownClass] of joining.classes) {
    const hostClass = (globalThis as unknown as Record<string, EventClass | undefined>)[name]
    if (hostClass === undefined || hostClass === ownClass || !isBelow(HostEvent, hostClass.prototype)) continue
    Reflect.setPrototypeOf(ownClass.prototype, hostClass.prototype)
  }
}

/**
 * Joins at the first `event instanceof Class` with an event of ours and a class below the host's Event, which inherits
 * `Symbol.hasInstance` from it. To other questions, the answer is that of the language (bench: receive).
 *
 * @returns whether that works here
 */
function joinWhenAsked(): boolean {
  if (Object.hasOwn(HostEvent, Symbol.hasInstance)) return false
  const ordinary = HostEvent[Symbol.hasInstance] as (this: unknown, value: unknown) => boolean
  return Reflect.defineProperty(HostEvent, Symbol.hasInstance, {
    configurable: true,
    value: function (this: unknown, value: unknown) {
      if (this !== HostEvent && isOurs(this, value)) {
        Reflect.deleteProperty(HostEvent, Symbol.hasInstance)
        join()
      }
      return ordinary.call(this, value)
    },
  })
}

/** Whether `value` is an event of ours, asked for by a class that is none of ours. */
function isOurs(askedFor: unknown, value: unknown): boolean {
  const classes = [...joining.classes.values()]
  return !classes.includes(askedFor as EventClass) && classes.some(ownClass => isBelow(ownClass, value))
}

/** The plain rule of `instanceof`, without `Symbol.hasInstance`. */
function isBelow({ prototype }: EventClass, value: unknown): boolean {
  return Object.prototype.isPrototypeOf.call(prototype, value as object)
}
