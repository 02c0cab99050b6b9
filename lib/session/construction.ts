import type { ConnectionError } from '../protocol/errors.ts'

/** An object whose `stack` leads to where a socket was constructed. */
export interface Construction {
  readonly stack?: string
}

/** V8 and JavaScriptCore have it. Taken at load: a program may replace it. */
const { captureStackTrace } = Error as { captureStackTrace?: (target: object, below: unknown) => void }

/**
 * Remembers where a socket is constructed. It takes longer than all the rest of the constructor (about 30 µs in V8), so that it
 * is only for sockets that are debugged.
 *
 * @param calledClass the class that the user called: the stack begins below it
 */
export function captureConstruction(calledClass: unknown): Construction {
  const construction = {}
  captureStackTrace?.(construction, calledClass)
  return construction
}

/**
 * Makes the stack of an error lead to where the socket was constructed. The stack is made when it is asked for: that may run
 * code of the user, by `Error.prepareStackTrace`.
 */
export function showConstruction(error: ConnectionError, construction: Construction): void {
  const { stack: own } = error
  Object.defineProperty(error, 'stack', {
    get(): unknown {
      const frames = typeof construction.stack === 'string' ? /^\s+at .*/ms.exec(construction.stack)?.[0] : undefined
      const stack = frames === undefined ? own : `${error.name}: ${error.message}\n${frames}`
      Object.defineProperty(error, 'stack', { value: stack, writable: true })
      return stack
    },
    set(value: unknown) {
      Object.defineProperty(error, 'stack', { value, writable: true })
    },
    configurable: true,
    enumerable: false,
  })
}
