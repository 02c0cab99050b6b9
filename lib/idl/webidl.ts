import type { Blob } from '../host/host-types.ts'

/** Conversions of Web IDL, as far as the interfaces here need them. @see https://webidl.spec.whatwg.org/ */

/** DOMString. @throws TypeError for a symbol */
export function toDOMString(value: unknown): string {
  return `${value}`
}

/** USVString: lone surrogates become U+FFFD. @throws TypeError for a symbol */
export function toUSVString(value: unknown): string {
  return toDOMString(value).replace(/\p{Surrogate}/gu, '\ufffd')
}

/** A number, as the language's own operators make one. @throws TypeError for a symbol or a BigInt */
function toNumber(value: unknown): number {
  // Unlike `Number(value)`, which takes a BigInt.
  return +(value as number)
}

/** unsigned short with [Clamp]: rounded to the nearest integer, ties to even. @throws TypeError as `toNumber` does */
export function toClampedUnsignedShort(value: unknown): number {
  const number = Math.min(Math.max(toNumber(value), 0), 65535)
  if (Number.isNaN(number)) return 0
  const floor = Math.floor(number)
  const fraction = number - floor
  if (fraction === 0.5) return floor + (floor % 2)
  return fraction < 0.5 ? floor : floor + 1
}

/** unsigned short: cut to 16 bits. @throws TypeError as `toNumber` does */
export function toUnsignedShort(value: unknown): number {
  const number = toNumber(value)
  return Number.isFinite(number) ? Math.trunc(number) & 0xffff : 0
}

/** unsigned short with [EnforceRange]. @throws TypeError for a number that is none, not finite, or out of range */
export function toEnforcedUnsignedShort(value: unknown): number {
  // By way of the operator, which refuses a bigint.
  const number = Math.trunc(+(value as number))
  if (!(number >= 0 && number <= 65535)) throw new TypeError(`${number} is not a number from 0 to 65535`)
  // Not -0.
  return number + 0
}

/**
 * Whether `data` is a BufferSource: its bytes, not copied, or undefined if it is something else.
 *
 * @throws TypeError for shared or resizable memory, which no attribute of the IDL allows here
 */
export function bytesOf(data: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(data)) {
    refuseUnstable(data.buffer)
    if (isEmpty(data.buffer)) return NO_BYTES
    // Another view of a plain one is not needed, and costs more than to mask a short message (bench: send).
    if (Object.getPrototypeOf(data) === Uint8Array.prototype) return data as Uint8Array
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  }
  if (!isAnyArrayBuffer(data)) return undefined
  refuseUnstable(data)
  return isEmpty(data) ? NO_BYTES : new Uint8Array(data)
}

const NO_BYTES = new Uint8Array(0)

/** Also of a detached buffer, whose bytes the IDL takes for none, but which the language lets nobody look into. */
function isEmpty(buffer: ArrayBufferLike): boolean {
  return buffer.byteLength === 0
}

function isAnyArrayBuffer(value: unknown): value is ArrayBufferLike {
  if (value instanceof ArrayBuffer) return true
  if (typeof value !== 'object' || value === null) return false
  // Of another realm, or shared.
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

/** Makes members of a prototype enumerable, as those of IDL interfaces are, and names the class, whatever a bundler called it. */
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

/** Constants stand on the interface and on its prototype, enumerable and fixed. */
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
