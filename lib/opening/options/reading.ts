import { LONGEST_DELAY } from '../../host/timers.ts'
import { quote } from '../../protocol/quoting.ts'

/** What the readers of the options have in common: their types, and the checks that several of them need. */

/**
 * Checks the value of one option and converts it to the setting that the library works with.
 *
 * @param value what the user gave; undefined asks for the default
 * @param name the option's name for error messages, such as `heartbeat.interval`
 * @throws TypeError that names the option
 */
export type Reader<Setting> = (value: unknown, name: string) => Setting

/** One reader for each setting. */
export type Readers<Settings> = { readonly [Name in keyof Settings]: Reader<Settings[Name]> }

interface IntegerRange {
  /** Default: 0. */
  readonly lowest?: number
  /** Default: the largest integer that a number holds exactly. */
  readonly highest?: number
  /** Without a default, the option is required. */
  readonly fallback?: number
}

/** Makes a reader of integers within a range. */
export function integer(range: IntegerRange): Reader<number> {
  const { lowest = 0, highest = Number.MAX_SAFE_INTEGER, fallback } = ownMembers(range)
  return (value, name) => {
    const number = value === undefined ? fallback : value
    if (typeof number !== 'number' || !Number.isInteger(number) || number < lowest || number > highest) {
      return invalid(name, `an integer from ${lowest} to ${highest}`)
    }
    return number
  }
}

/** Makes a reader of durations in milliseconds. */
export function milliseconds(range: IntegerRange): Reader<number> {
  return integer({ highest: LONGEST_DELAY, ...range })
}

/** Reads a boolean whose default is false. */
export function readBoolean(value: unknown, name: string): boolean {
  if (value === undefined) return false
  return typeof value === 'boolean' ? value : invalid(name, 'a boolean')
}

/** Reads a function that has no default. */
export function readFunction<Function>(value: unknown, name: string): Function | undefined {
  return value === undefined || typeof value === 'function' ? (value as Function) : invalid(name, 'a function')
}

/**
 * Makes a reader of one of several values.
 *
 * @param values the first is the default
 */
export function oneOf<Value>(values: readonly Value[], wanted: string): Reader<Value> {
  return (value = values[0], name) => (values.includes(value as Value) ? (value as Value) : invalid(name, wanted))
}

/** Reads an option that is itself an object of options, such as `heartbeat`. */
export function readMembers<Settings>(value: object, name: string, readers: Readers<Settings>): Settings {
  refuseUnknown(value, readers, `${name}.`)
  const members: Record<string, unknown> = ownMembers(value as Record<string, unknown>)
  const settings: Partial<Settings> = ownMembers({})
  for (const key of Object.keys(readers) as (keyof Settings & string)[]) {
    settings[key] = readers[key](members[key], `${name}.${key}`)
  }
  return settings as Settings
}

/** A copy without a prototype: an inherited member may come from a polluted Object.prototype. */
export function ownMembers<Options extends object>(options: Options): Options {
  return { __proto__: null, ...options }
}

/**
 * Checks that `options` has only members that `known` has.
 *
 * @param prefix what error messages put before a member's name
 * @param adviceFor what they say behind it
 * @throws TypeError that names the first unknown member
 */
export function refuseUnknown(
  options: object,
  known: object,
  prefix: string,
  adviceFor: (name: string) => string = () => '',
): void {
  for (const key of Object.keys(options)) {
    if (!Object.hasOwn(known, key)) {
      throw new TypeError(`There is no WebSocket option ${quote(prefix + key)}${adviceFor(key)}`)
    }
  }
}

/** @throws TypeError, always */
export function invalid(name: string, wanted: string): never {
  throw new TypeError(`The WebSocket option "${name}" must be ${wanted}`)
}
