import type { Event } from '../host/host-types.ts'
import { type EventInit, HostEvent, toEventInit, trusted } from './host-event.ts'
import { showInConsole } from './inspection.ts'
import { joinHostClasses, registerClass } from './join-host-classes.ts'
import { completeInterface, named, requireArguments, toUnsignedShort, toUSVString } from './webidl.ts'

/** @see https://websockets.spec.whatwg.org/#the-closeevent-interface */
export interface CloseEvent extends Event {
  /** Whether the closing handshake was completed before the connection closed. */
  readonly wasClean: boolean
  /** The status code that the server sent; 1005 if it sent none, 1006 if the connection failed. */
  readonly code: number
  /** The reason that the server gave, at most 123 bytes of UTF-8. Empty if it gave none. */
  readonly reason: string
}

/** The second argument of the constructor `CloseEvent`. */
export interface CloseEventInit extends EventInit {
  /** Default: false. */
  wasClean?: boolean
  /** The status code, from 0 to 65535. Default: 0. */
  code?: number
  /** Default: empty. */
  reason?: string
}

/** @hidden */
export interface CloseEventConstructor {
  new (type: string, eventInitDict?: CloseEventInit): CloseEvent
  readonly prototype: CloseEvent
}

/**
 * A class of our own, since not every host has one (Node.js 20 does not). Joined to the host's where there is one, so that
 * `instanceof` holds with both.
 */
export const CloseEvent: CloseEventConstructor = named({
  CloseEvent: class extends HostEvent {
    #wasClean = false
    #code = 0
    #reason = ''

    constructor(type: unknown, eventInitDict: unknown = undefined) {
      requireArguments(arguments.length, 1, 'CloseEvent')
      joinHostClasses()
      super(type, toEventInit(eventInitDict, 'CloseEvent'))
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
  },
}) as unknown as CloseEventConstructor

completeInterface(CloseEvent as never, 'CloseEvent', ['wasClean', 'code', 'reason'])
showInConsole(CloseEvent.prototype, ({ type, code, reason, wasClean }) => ({ type, code, reason, wasClean }))
registerClass('CloseEvent', CloseEvent)

/** Makes the `close` event of a socket. */
export function closeEvent(wasClean: boolean, code: number, reason: string): CloseEvent {
  // Without a prototype: no other member comes from a polluted Object.prototype.
  return trusted(new CloseEvent('close', { __proto__: null, wasClean, code, reason } as CloseEventInit))
}
