import type { DOMException as DOMExceptionInterface } from '../host/host-types.ts'
import { readCloseInfo, validateCloseCodeAndReason, type WebSocketCloseInfo } from './close-info.ts'
import { DOMException } from './dom-exception.ts'
import { showInConsole, stackOf } from './inspection.ts'
import { completeInterface, named, toDOMString } from './webidl.ts'

/**
 * The error of a WebSocketStream that did not close cleanly. Given to `abort` or `cancel` of its streams, it says with which
 * code and reason to close.
 *
 * @see https://whatpr.org/websockets/48.html
 */
export interface WebSocketError extends DOMExceptionInterface {
  /** The status code of the Close frame; 1006 if the connection was lost, null if there is none. */
  readonly closeCode: number | null
  /** The reason in the Close frame, or the empty string. */
  readonly reason: string
  /** The failure of the connection, with its stable code. Unlike the proposal, which defines no cause. */
  readonly cause?: unknown
}

/** What `WebSocketError` is as a value: its constructor. */
export interface WebSocketErrorConstructor {
  /**
   * Makes an error to close a WebSocketStream with.
   *
   * @param message Default: empty
   * @param init the code and the reason. With a reason and no code, the code is 1000
   * @throws "InvalidAccessError" DOMException for a code that is not 1000 or 3000 to 4999; "SyntaxError" DOMException
   *   for a reason of more than 123 bytes of UTF-8; TypeError for a code that is not from 0 to 65535
   */
  new (message?: string, init?: WebSocketCloseInfo): WebSocketError
  /** The object that all errors of the class inherit from. */
  readonly prototype: WebSocketError
}

interface Slots {
  readonly closeCode: number | null
  readonly reason: string
}

/** The property that holds the slots of a WebSocketError; no other object has it. */
const slot = Symbol('WebSocketError state')

const HostDOMException = DOMException as unknown as new (message: string, name: string) => object

/** The class. {@link WebSocketErrorConstructor} has its constructor, the interface of this name its members. */
export const WebSocketError: WebSocketErrorConstructor = named({
  WebSocketError: class extends HostDOMException {
    constructor(message: unknown = '', init: unknown = undefined) {
      super(toDOMString(message), 'WebSocketError')
      // In some versions of Node.js, the constructor of DOMException does not make instances of its subclasses.
      if (Object.getPrototypeOf(this) !== new.target.prototype) Object.setPrototypeOf(this, new.target.prototype)
      const { closeCode, reason } = readCloseInfo(init)
      validateCloseCodeAndReason(closeCode, reason)
      setSlots(this, { closeCode: closeCode ?? (reason === '' ? null : 1000), reason })
    }

    get closeCode(): number | null {
      return slotsOf(this).closeCode
    }

    get reason(): string {
      return slotsOf(this).reason
    }
  },
}) as unknown as WebSocketErrorConstructor

completeInterface(WebSocketError as never, 'WebSocketError', ['closeCode', 'reason'])
showInConsole(
  WebSocketError.prototype,
  error => ({ closeCode: error.closeCode, reason: error.reason, cause: (error as { cause?: unknown }).cause }),
  stackOf,
)

/** Makes an error with any close code, also one that an application may not send, such as 1006. */
export function createWebSocketError(
  message: string,
  closeCode: number | null,
  reason: string,
  cause: unknown,
): WebSocketError {
  const error = new WebSocketError(message)
  setSlots(error, { closeCode, reason })
  setCause(error, cause)
  return error
}

/** Sets the `cause` of an error as the constructor of Error does: the constructor of DOMException takes none. */
export function setCause(error: object, cause: unknown): void {
  if (cause === undefined) return
  Object.defineProperty(error, 'cause', { value: cause, writable: true, configurable: true })
}

/** Whether `value` implements WebSocketError. */
export function isWebSocketError(value: unknown): value is WebSocketError {
  return typeof value === 'object' && value !== null && slot in value
}

/** The code and reason that "close using reason" sends: those of a WebSocketError, and none for anything else. */
export function closeInfoOf(reason: unknown): { closeCode: number | undefined; reason: string } {
  if (isWebSocketError(reason)) {
    const closeCode = reason.closeCode ?? undefined
    try {
      validateCloseCodeAndReason(closeCode, reason.reason)
      return { closeCode, reason: reason.reason }
    } catch {
      // The error of another connection may have a code that cannot be sent, such as 1006.
    }
  }
  return { closeCode: undefined, reason: '' }
}

function setSlots(error: object, slots: Slots): void {
  Object.defineProperty(error, slot, { value: slots, configurable: true })
}

function slotsOf(error: object): Slots {
  const slots = (error as { [slot]?: Slots })[slot]
  if (slots === undefined) throw new TypeError('Illegal invocation: this is not a WebSocketError')
  return slots
}
