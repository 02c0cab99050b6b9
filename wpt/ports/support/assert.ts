/**
 * The assertions of the ports. They use no assertion library, because ports also run where only this package is installed, and in
 * pages and workers of a browser.
 */

/** The error of a failed assertion, which tells it from errors of the class under test. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError'
}

export function fail(message: string): never {
  throw new AssertionError(message)
}

/** Asserts equality as of `Object.is`: NaN equals NaN, and 0 differs from -0. */
export function equal(actual: unknown, expected: unknown, message?: string): void {
  check(Object.is(actual, expected), message, `${show(actual)} instead of ${show(expected)}`)
}

/** Asserts that two values have the same JSON, whatever the order of keys. For lists and objects of simple values. */
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

// With `any`, which TypeScript uses for classes of any constructor arguments.
export function instanceOf(value: unknown, Class: abstract new (...args: any[]) => object, message?: string): void {
  check(value instanceof Class, message, `${show(value)} is no ${Class.name}`)
}

export function isAtLeast(value: number, least: number, message?: string): void {
  check(value >= least, message, `${value} is not at least ${least}`)
}

export function isAtMost(value: number, most: number, message?: string): void {
  check(value <= most, message, `${value} is not at most ${most}`)
}

/** A value as text for a message. Never throws, although the conversion of a value to a string may. */
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

/** A copy with the keys of objects sorted, and `undefined`, which JSON does not have, as text. */
function sorted(value: unknown): unknown {
  if (value === undefined) return 'undefined'
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(sorted)
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]))
}
