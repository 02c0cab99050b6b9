/**
 * The assertions of the ports. They are our own because a port runs where the package is installed, and in the pages and workers of a
 * browser, and takes nothing else along.
 */

/** What a failed assertion throws: told apart from what the class under test throws. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError'
}

export function fail(message: string): never {
  throw new AssertionError(message)
}

/** The same value, with NaN the same as itself and the zeros different. */
export function equal(actual: unknown, expected: unknown, message?: string): void {
  check(Object.is(actual, expected), message, `${show(actual)} instead of ${show(expected)}`)
}

/** The same as JSON, which is all that ports compare so: lists of simple values, and objects of those. */
export function deepEqual<Value>(actual: Value, expected: Value, message?: string): void {
  const [found, wanted] = [JSON.stringify(sorted(actual)), JSON.stringify(sorted(expected))]
  check(found === wanted, message, `${found} instead of ${wanted}`)
}

export function isTrue(value: unknown, message?: string): void {
  equal(value, true, message)
}

export function isFalse(value: unknown, message?: string): void {
  equal(value, false, message)
}

export function isNull(value: unknown, message?: string): void {
  equal(value, null, message)
}

export function isUndefined(value: unknown, message?: string): void {
  equal(value, undefined, message)
}

export function isFunction(value: unknown, message?: string): void {
  check(typeof value === 'function', message, `${show(value)} is no function`)
}

export function isString(value: unknown, message?: string): void {
  check(typeof value === 'string', message, `${show(value)} is no string`)
}

// `any`, as TypeScript itself types a class of which nothing but instanceof is asked.
export function instanceOf(value: unknown, Class: abstract new (...args: any[]) => object, message?: string): void {
  check(value instanceof Class, message, `${show(value)} is no ${Class.name}`)
}

export function isAtLeast(value: number, least: number, message?: string): void {
  check(value >= least, message, `${value} is not at least ${least}`)
}

export function isAtMost(value: number, most: number, message?: string): void {
  check(value <= most, message, `${value} is not at most ${most}`)
}

/** A value as a message has it; it may be anything, so asking it for a string may throw. */
export function show(value: unknown): string {
  try {
    return typeof value === 'string' ? JSON.stringify(value) : Object.is(value, -0) ? '-0' : String(value)
  } catch {
    return Object.prototype.toString.call(value)
  }
}

function check(holds: boolean, message: string | undefined, fault: string): void {
  if (!holds) fail(message === undefined ? fault : `${message}: ${fault}`)
}

/** Objects with their keys in order; `undefined` is no value of JSON, so it becomes text. */
function sorted(value: unknown): unknown {
  if (value === undefined) return 'undefined'
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(sorted)
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]))
}
