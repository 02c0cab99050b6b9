import { Buffer } from 'node:buffer'
import { type Simd, TEXT_AT, TEXT_PART } from './simd.ts'

/*
 * UTF-8 by WebAssembly, for versions of Node.js that are slow at it. Strings pass through the module's memory as UTF-16, which
 * every version copies fast.
 */

/** Encodes `text` at an address of the module's memory, a lone surrogate as U+FFFD. Returns the end of the result. */
export function encodeWith(simd: Simd, text: string, address: number): number {
  const view = memoryOf(simd)
  let position = address
  for (let index = 0; index < text.length; ) {
    let end = Math.min(text.length, index + TEXT_PART / 2)
    // A surrogate pair is one character, which must not be cut.
    if (end < text.length && (text.charCodeAt(end - 1) & 0xfc00) === 0xd800) end--
    const written = view.write(text.slice(index, end), TEXT_AT, 'utf16le')
    position = simd.encode(TEXT_AT, TEXT_AT + written, position)
    index = end
  }
  return position
}

/**
 * Decodes bytes that are well-formed, and keeps a byte order mark.
 *
 * @throws RangeError if the host has no strings of that length
 */
export function decodeWith(simd: Simd, bytes: Uint8Array): string {
  let text = ''
  for (let index = 0; index < bytes.length; ) {
    let end = Math.min(bytes.length, index + TEXT_PART)
    // A character must not be cut.
    while (end < bytes.length && (bytes[end]! & 0xc0) === 0x80) end--
    text += decodePart(simd, bytes.subarray(index, end))
    index = end
  }
  return text
}

function decodePart(simd: Simd, bytes: Uint8Array): string {
  const view = memoryOf(simd)
  const target = TEXT_AT + TEXT_PART
  view.set(bytes, TEXT_AT)
  const end = simd.decode(TEXT_AT, TEXT_AT + bytes.length, target)
  if ((end & 1) === 0) return view.toString('utf16le', target, end)
  // Latin-1 gives a string of one byte a unit, which is half as large; the host's own decoder would do the same.
  simd.narrow(target, end - 1)
  return view.toString('latin1', target, target + (end - 1 - target) / 2)
}

/** The memory of the process's one instance, as a Buffer. Created by the first call. */
const memory: { view: Buffer | undefined } = { view: undefined }

function memoryOf(simd: Simd): Buffer {
  return (memory.view ??= Buffer.from(simd.memory.buffer))
}
