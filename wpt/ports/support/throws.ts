import * as assert from './assert.ts'

/** The legacy codes of the DOMExceptions that ports ask for. */
const codes = { InvalidStateError: 11, SyntaxError: 12, InvalidAccessError: 15, AbortError: 20 } as const

export type ExceptionName = keyof typeof codes

/** Asserts that `act` throws a DOMException of this name. */
export function throwsDOMException(name: ExceptionName, act: () => unknown): void {
  isDOMException(name, thrownBy(act))
}

/** Asserts that `act` throws a TypeError. */
export function throwsTypeError(act: () => unknown): void {
  isTypeError(thrownBy(act))
}

/** Asserts that `promise` rejects with a DOMException of this name. */
export async function rejectsWithDOMException(name: ExceptionName, promise: Promise<unknown>): Promise<void> {
  isDOMException(name, await rejectionOf(promise))
}

/** Asserts that `promise` rejects with a TypeError. */
export async function rejectsWithTypeError(promise: Promise<unknown>): Promise<void> {
  isTypeError(await rejectionOf(promise))
}

/** Returns the reason with which `promise` rejects. Fails if it fulfills. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  let value: unknown
  try {
    value = await promise
  } catch (reason) {
    return reason
  }
  return assert.fail(`fulfilled with ${assert.show(value)} instead of rejecting`)
}

function thrownBy(act: () => unknown): unknown {
  let value: unknown
  try {
    value = act()
  } catch (thrown) {
    // From `Stage.need`, and not from the class under test: the class is missing.
    if (thrown instanceof assert.AssertionError) throw thrown
    return thrown
  }
  return assert.fail(`returned ${assert.show(value)} instead of throwing`)
}

function isDOMException(name: ExceptionName, error: unknown): void {
  assert.isTrue(error instanceof DOMException, `${assert.show(error)} is a DOMException`)
  const exception = error as DOMException
  assert.equal(exception.name, name, `name of ${assert.show(error)}`)
  assert.equal(exception.code, codes[name], `code of ${assert.show(error)}`)
  assert.equal(exception.constructor, DOMException, `constructor of ${assert.show(error)}`)
}

function isTypeError(error: unknown): void {
  assert.equal((error as Error | undefined)?.constructor, TypeError, assert.show(error))
}
