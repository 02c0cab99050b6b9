import type { Blob } from '../host/host-types.ts'

/**
 * Web IDL, as far as the interfaces here need it: conversions of values, then what it asks of classes and functions.
 *
 * @see https://webidl.spec.whatwg.org/
 */

/** Converts to DOMString. @throws TypeError for a symbol */
export function toDOMString(value: unknown): string {
  return `${value}`
}

/** Converts to USVString: lone surrogates become U+FFFD. @throws TypeError for a symbol */
export function toUSVString(value: unknown): string {
  return toDOMString(value).replace(/\p{Surrogate}/gu, '\ufffd')
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
 * Returns the bytes of a BufferSource as a view, not as a copy; undefined if `data` is something else.
 *
 * @throws TypeError for a shared or resizable buffer: the IDL has neither [AllowShared] nor [AllowResizable] here
 */
export function bytesOf(data: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(data)) {
    refuseUnstable(data.buffer)
    if (isEmpty(data.buffer)) return NO_BYTES
    // Fast path: a second view costs more than to mask a short message (bench: send).
    if (Object.getPrototypeOf(data) === Uint8Array.prototype) return data as Uint8Array
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  }
  if (!isAnyArrayBuffer(data)) return undefined
  refuseUnstable(data)
  return isEmpty(data) ? NO_BYTES : new Uint8Array(data)
}

const NO_BYTES = new Uint8Array(0)

/** True for a detached buffer, too: to Web IDL it has no bytes, but a view of it cannot be made. */
function isEmpty(buffer: ArrayBufferLike): boolean {
  return buffer.byteLength === 0
}

function isAnyArrayBuffer(value: unknown): value is ArrayBufferLike {
  if (value instanceof ArrayBuffer) return true
  if (typeof value !== 'object' || value === null) return false
  // From another realm, or shared.
  const tag = Object.prototype.toString.call(value)
  return tag === '[object ArrayBuffer]' || tag === '[object SharedArrayBuffer]'
}

function refuseUnstable(buffer: ArrayBufferLike): void {
  if (!(buffer instanceof ArrayBuffer) && Object.prototype.toString.call(buffer) === '[object SharedArrayBuffer]') {
    throw new TypeError('The data must not be in a SharedArrayBuffer')
  }
  if ((buffer as { resizable?: boolean }).resizable === true) {
    throw new TypeError('The data must not be in a resizable ArrayBuffer')
  }
}

/**
 * Whether `value` is a Blob of the host, or an object that implements one: of a polyfill, or of another realm. A File is a Blob.
 */
export function isBlob(value: unknown): value is Blob {
  if (typeof value !== 'object' || value === null) return false
  if (typeof globalThis.Blob === 'function' && value instanceof globalThis.Blob) return true
  const tag = Object.prototype.toString.call(value)
  return (tag === '[object Blob]' || tag === '[object File]') && typeof (value as Blob).arrayBuffer === 'function'
}

/**
 * Whether Web IDL takes `value` for a sequence where a union allows other types: an object that is iterable.
 *
 * @see https://webidl.spec.whatwg.org/#js-union
 */
export function isSequence(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value
}

/**
 * Makes a class look like an IDL interface: its members are enumerable, it has a `Symbol.toStringTag`, and it has its name
 * even if a bundler has renamed the class.
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
