import type { ClosingEvent, DataEvent, Socket } from '../../port.ts'
import * as assert from './assert.ts'

export interface Events {
  open: Event
  message: DataEvent
  error: Event
  close: ClosingEvent
}

export type EventName = keyof Events

export const eventNames: readonly EventName[] = ['open', 'message', 'error', 'close']

/** Callbacks by event; `self` is the `this` of the listener. Each event that has one must come. */
export type Reactions = { readonly [Name in EventName]?: (event: Events[Name], self: unknown) => void }

export interface Ending<Name extends EventName> {
  /** The last event to wait for; default `close`. */
  readonly until?: Name
  /** How many events `until` to wait for; default 1. */
  readonly times?: number
  /** Events that may come without a callback. Any other event without one is a failure. */
  readonly allow?: readonly EventName[]
  /** Whether an event in the 50 ms after the last one is a failure. */
  readonly quiet?: boolean
}

/** Observes the events of a socket with capturing listeners, and resolves with the last one. */
export function throughListeners<Name extends EventName = 'close'>(
  socket: Socket,
  reactions: Reactions = {},
  ending: Ending<Name> = {},
): Promise<Events[Name]> {
  return follow((name, callback) => socket.addEventListener(name, callback, true), reactions, ending)
}

/** Observes the events of a socket with its `on...` attributes, and resolves with the last one. */
export function throughAttributes<Name extends EventName = 'close'>(
  socket: Socket,
  reactions: Reactions = {},
  ending: Ending<Name> = {},
): Promise<Events[Name]> {
  return follow(
    (name, callback) => {
      socket[`on${name}`] = callback
    },
    reactions,
    ending,
  )
}

const quietMilliseconds = 50

function follow<Name extends EventName>(
  register: (name: EventName, callback: (this: unknown, event: Event) => void) => void,
  reactions: Reactions,
  ending: Ending<Name>,
): Promise<Events[Name]> {
  const until: EventName = ending.until ?? 'close'
  const missing = new Set(Object.keys(reactions))
  let left = ending.times ?? 1
  return new Promise((resolve, reject) => {
    const take = (name: EventName, event: Event, self: unknown): void => {
      if (left <= 0) {
        if (ending.quiet === true) assert.fail(`${describe(event)} after the end`)
        return
      }
      const react = reactions[name] as ((event: Event, self: unknown) => void) | undefined
      const expected = react !== undefined || name === until || ending.allow?.includes(name) === true
      if (!expected) assert.fail(`unexpected ${describe(event)}`)
      missing.delete(name)
      react?.(event, self)
      if (name !== until || --left > 0) return
      assert.deepEqual([...missing], [], `${describe(event)} came, but other events did not`)
      const last = event as Events[Name]
      if (ending.quiet === true) setTimeout(() => resolve(last), quietMilliseconds)
      else resolve(last)
    }
    for (const name of eventNames) {
      register(name, function (this: unknown, event) {
        try {
          take(name, event, this)
        } catch (failure) {
          reject(failure)
        }
      })
    }
  })
}

function describe(event: Event): string {
  if (event.type !== 'close') return `${event.type} event`
  const { code, reason, wasClean } = event as ClosingEvent
  return `close event (code ${code}, reason ${JSON.stringify(reason)}, ${wasClean ? 'clean' : 'not clean'})`
}
