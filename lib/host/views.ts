/**
 * Views and buffers of any realm, told and read by their internal slots, as Web IDL does. The getters are those that the
 * language had at load, so nothing counts that a program has defined on an object itself (`length`, `byteLength`,
 * `buffer`), nor the prototype that it has given to the object.
 */

/** Whether `value` is a typed array or a DataView. */
export const isView: (value: unknown) => value is ArrayBufferView = ArrayBuffer.isView

const typedArrayPrototype: object = Object.getPrototypeOf(Uint8Array.prototype)
const typedArray = {
  tag: getterOf<string | undefined>(typedArrayPrototype, Symbol.toStringTag),
  buffer: getterOf<ArrayBufferLike>(typedArrayPrototype, 'buffer'),
  byteOffset: getterOf<number>(typedArrayPrototype, 'byteOffset'),
  byteLength: getterOf<number>(typedArrayPrototype, 'byteLength'),
}
const dataView = {
  buffer: getterOf<ArrayBufferLike>(DataView.prototype, 'buffer'),
  byteOffset: getterOf<number>(DataView.prototype, 'byteOffset'),
  byteLength: getterOf<number>(DataView.prototype, 'byteLength'),
}
/** Throws for whatever is no ArrayBuffer, a SharedArrayBuffer included. */
const bufferLength = getterOf<number>(ArrayBuffer.prototype, 'byteLength')

/** None: a view of a detached buffer cannot be made. */
const NO_BYTES = new Uint8Array(0)

/** Whether a view is a typed array: what else is one is a DataView. */
export function isTypedArray(view: ArrayBufferView): boolean {
  return typedArray.tag.call(view) !== undefined
}

/** Whether `value` is a Uint8Array, a Buffer included. */
export function isUint8Array(value: unknown): value is Uint8Array {
  return typedArray.tag.call(value) === 'Uint8Array'
}

/** The buffer of a view. */
export function bufferOf(view: ArrayBufferView): ArrayBufferLike {
  return isTypedArray(view) ? typedArray.buffer.call(view) : dataView.buffer.call(view)
}

/** The bytes of a view, as another view of the same memory; none if the buffer is detached. */
export function bytesOfView(view: ArrayBufferView): Uint8Array {
  if (!isTypedArray(view)) return bytesOfDataView(view)
  const length = typedArray.byteLength.call(view)
  return length === 0
    ? NO_BYTES
    : new Uint8Array(typedArray.buffer.call(view), typedArray.byteOffset.call(view), length)
}

function bytesOfDataView(view: ArrayBufferView): Uint8Array {
  try {
    return new Uint8Array(dataView.buffer.call(view), dataView.byteOffset.call(view), dataView.byteLength.call(view))
  } catch {
    return NO_BYTES
  }
}

/** The bytes of an ArrayBuffer, as a view; none if it is detached, undefined if `value` is no ArrayBuffer. */
export function bytesOfBuffer(value: unknown): Uint8Array | undefined {
  try {
    return bufferLength.call(value) === 0 ? NO_BYTES : new Uint8Array(value as ArrayBuffer)
  } catch {
    return undefined
  }
}

function getterOf<Value>(prototype: object, name: PropertyKey): (this: unknown) => Value {
  return Object.getOwnPropertyDescriptor(prototype, name)!.get as (this: unknown) => Value
}
