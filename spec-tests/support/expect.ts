import { expect } from 'chai'

/** Expects a DOMException of that name; returns it. */
export function expectDOMException(run: () => unknown, name: string): DOMException {
  const error = thrownBy(run)
  expect(error, `a ${name}`).to.be.an.instanceof(DOMException)
  expect((error as DOMException).name).to.equal(name)
  return error as DOMException
}

/** Expects a TypeError of this realm; returns it. */
export function expectTypeError(run: () => unknown): TypeError {
  const error = thrownBy(run)
  expect(error).to.be.an.instanceof(TypeError)
  return error as TypeError
}

/** Expects these lines. Where they are, it takes a hundredth of the CPU time of `expect`, for tests that compare thousands. */
export function expectLines(actual: readonly string[], expected: readonly string[], hint: () => string): void {
  const equal = actual.length === expected.length && actual.every((line, index) => line === expected[index])
  if (!equal) expect(actual, hint()).to.deep.equal(expected)
}

/** What a promise rejects with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (reason) {
    return reason
  }
  return expect.fail('It did not reject')
}

function thrownBy(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error('Nothing was thrown')
}

/** Runs with a property of an object replaced, mostly of `globalThis`; what was there before is put back. */
export async function withProperty<Result>(
  object: object,
  name: PropertyKey,
  value: unknown,
  run: () => Result | Promise<Result>,
): Promise<Result> {
  const before = Object.getOwnPropertyDescriptor(object, name)
  Object.defineProperty(object, name, { value, configurable: true, writable: true, enumerable: true })
  try {
    return await run()
  } finally {
    if (before === undefined) Reflect.deleteProperty(object, name)
    else Object.defineProperty(object, name, before)
  }
}
