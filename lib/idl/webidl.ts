import { bufferOf, bytesOfBuffer, bytesOfView, isTypedArray, isView } from '../host/views.ts'

/**
 * Web IDL, as far as the interfaces here need it: conversions of values, then the shape of classes and functions.
 *
 * @see https://webidl.spec.whatwg.org/
 */

/** Converts to DOMString. @throws TypeError for a symbol */
export function toDOMString(value: unknown): string {
  return `${value}`
}

/** Converts to USVString: lone surrogates become U+FFFD. @throws TypeError for a symbol */
export function toUSVString(value: unknown): string {
  return toDOMString(value).replace(/[\ud800-\udfff]/gu, '\ufffd')
}

/** Converts to a number (ECMAScript's ToNumber). @throws TypeError for a symbol or a BigInt */
function toNumber(value: unknown): number {
  // Not `Number(value)`, which accepts a BigInt.
  return +(value as number)
}

/** Converts to unsigned short with [Clamp]: the nearest one, ties to even. @throws TypeError as `toNumber` does */
export function toClampedUnsignedShort(value: unknown): number {
  const number = Math.min(Math.max(toNumber(value), 0), 65535)
  if (Number.isNaN(number)) return 0
  const floor = Math.floor(number)
  const fraction = number - floor
  if (fraction === 0.5) return floor + (floor % 2)
  return fraction < 0.5 ? floor : floor + 1
}

/** Converts to unsigned short: an integer modulo 65536. @throws TypeError as `toNumber` does */
export function toUnsignedShort(value: unknown): number {
  const number = toNumber(value)
  return Number.isFinite(number) ? Math.trunc(number) & 0xffff : 0
}

/** Converts to unsigned short with [EnforceRange]. @throws TypeError for NaN, a number out of range, and as `toNumber` does */
export function toEnforcedUnsignedShort(value: unknown): number {
  const number = Math.trunc(toNumber(value))
  if (!(number >= 0 && number <= 65535)) throw new TypeError(`${number} is not in the range from 0 to 65535`)
  // Makes 0 of -0.
  return number + 0
}

/**
 * Returns the bytes of a BufferSource of any realm as a view, not as a copy; undefined if `data` is something else. The view
 * has as many bytes as the object's slots say, and is read with the methods of the language alone.
 *
 * @throws TypeError for a shared or resizable buffer: the IDL has neither [AllowShared] nor [AllowResizable] here
 */
export function bytesOf(data: unknown): Uint8Array | undefined {
  if (isView(data)) {
    refuseUnstable(bufferOf(data))
    // Fast path: a second view costs more than to mask a short message (bench: send).
    return isPlain(data) ? data : bytesOfView(data)
  }
  if (typeof data !== 'object' || data === null) return undefined
  const bytes = bytesOfBuffer(data)
  if (bytes !== undefined || isSharedBuffer(data)) refuseUnstable(data as ArrayBufferLike)
  return bytes
}

/** The longest view, in bytes, that is passed on as it is: of a longer one the codec takes parts, with its `subarray`. */
const MAX_PLAIN = 64 * 1024

/** Whether a view is a Uint8Array with no `length` of its own: its elements are then read as its slots say. */
export function isPlain(view: ArrayBufferView): view is Uint8Array {
  if (Object.getPrototypeOf(view) !== Uint8Array.prototype || Object.hasOwn(view, 'length')) return false
  return isTypedArray(view) && (view as Uint8Array).length <= MAX_PLAIN
}

// The getter throws for an object that is no ArrayBuffer. Where no buffer can be resized, that of `byteLength` stands in: it
// throws as well, and never returns true.
const { get: isResizable } = Object.getOwnPropertyDescriptor(
  ArrayBuffer.prototype,
  'resizable' in ArrayBuffer.prototype ? 'resizable' : 'byteLength',
)!
const sharedLength =
  typeof SharedArrayBuffer === 'function'
    ? Object.getOwnPropertyDescriptor(SharedArrayBuffer.prototype, 'byteLength')?.get
    : undefined

function isSharedBuffer(value: object): boolean {
  try {
    return sharedLength?.call(value) !== undefined
  } catch {
    return false
  }
}

function refuseUnstable(buffer: ArrayBufferLike): void {
  let resizable: unknown
  try {
    resizable = isResizable!.call(buffer)
  } catch {
    throw new TypeError('The data must not be in a SharedArrayBuffer')
  }
  if (resizable === true) throw new TypeError('The data must not be in a resizable ArrayBuffer')
}

/**
 * Whether Web IDL takes `value` for a sequence where a union allows other types: an object with an iterator method.
 *
 * @see https://webidl.spec.whatwg.org/#js-union
 * @throws TypeError if its `Symbol.iterator` is neither a function, nor undefined or null
 */
export function isSequence(value: unknown): value is Iterable<unknown> {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return false
  const method = (value as { [Symbol.iterator]?: unknown })[Symbol.iterator] ?? undefined
  if (method === undefined || typeof method === 'function') return method !== undefined
  throw new TypeError('The Symbol.iterator of an object must be a function')
}

/**
 * The class that is the only property of `classes`, such as `{ CloseEvent: class ... }`, and has its name from there. Bundlers and
 * minifiers rename classes and variables, and the other name shows in error messages ("Class constructor CloseEvent2 cannot be invoked
 * without 'new'") and in stacks. They rename no property, and cannot tell which one is read here.
 */
export function named<Class>(classes: Readonly<Record<string, Class>>): Class {
  return Object.values(classes)[0]!
}

/**
 * Makes a class look like an IDL interface: its members are enumerable, it has a `Symbol.toStringTag`, and it has its name.
 */
export function completeInterface(
  interfaceObject: { prototype: object },
  name: string,
  members: readonly string[],
): void {
  const { prototype } = interfaceObject
  Object.defineProperty(interfaceObject, 'name', { value: name, configurable: true })
  for (const member of members) Object.defineProperty(prototype, member, { enumerable: true })
  Object.defineProperty(prototype, Symbol.toStringTag, { value: name, configurable: true })
}

/** Defines the constants of an interface, on the class and on its prototype: enumerable, neither writable nor configurable. */
export function defineConstants(
  interfaceObject: { prototype: object },
  constants: Readonly<Record<string, number>>,
): void {
  for (const target of [interfaceObject, interfaceObject.prototype]) {
    for (const [name, value] of Object.entries(constants))
      Object.defineProperty(target, name, { value, enumerable: true })
  }
}

/** @throws TypeError if fewer arguments were given than the IDL requires */
export function requireArguments(given: number, required: number, what: string): void {
  if (given < required)
    throw new TypeError(`${what} needs ${required} argument${required > 1 ? 's' : ''}, got ${given}`)
}
