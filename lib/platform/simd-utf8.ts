import { Buffer } from 'node:buffer'
import { type Simd, TEXT_AT, TEXT_PART } from './simd.ts'

/*
 * UTF-8 by way of WebAssembly, for versions of Node.js that are slow at it. Text passes through the module's memory as UTF-16,
 * which every version copies quickly.
 */

/** Writes `text` at an address of the memory, a lone surrogate as U+FFFD. Returns where that ends. */
export function encodeWith(simd: Simd, text: string, address: number): number {
  const memory = memoryOf(simd)
  let position = address
  for (let index = 0; index < text.length; ) {
    let end = Math.min(text.length, index + TEXT_PART / 2)
    // A pair of surrogates is one character.
    if (end < text.length && (text.charCodeAt(end - 1) & 0xfc00) === 0xd800) end--
    const written = memory.write(text.slice(index, end), TEXT_AT, 'utf16le')
    position = simd.encode(TEXT_AT, TEXT_AT + written, position)
    index = end
  }
  return position
}

/**
 * Decodes bytes that are well-formed, a byte order mark kept.
 *
 * @throws RangeError if the host has no strings of that length
 */
export function decodeWith(simd: Simd, bytes: Uint8Array): string {
  let text = ''
  for (let index = 0; index < bytes.length; ) {
    let end = Math.min(bytes.length, index + TEXT_PART)
    // Not within a character.
    while (end < bytes.length && (bytes[end]! & 0xc0) === 0x80) end--
    text += decodePart(simd, bytes.subarray(index, end))
    index = end
  }
  return text
}

function decodePart(simd: Simd, bytes: Uint8Array): string {
  const memory = memoryOf(simd)
  const target = TEXT_AT + TEXT_PART
  memory.set(bytes, TEXT_AT)
  const end = simd.decode(TEXT_AT, TEXT_AT + bytes.length, target)
  if ((end & 1) === 0) return memory.toString('utf16le', target, end)
  // A string with a byte for each unit is half as large, and is what the host would make of it.
  simd.narrow(target, end - 1)
  return memory.toString('latin1', target, target + (end - 1 - target) / 2)
}

let wholeMemory = Buffer.alloc(0)

function memoryOf(simd: Simd): Buffer {
  if (wholeMemory.length === 0) wholeMemory = Buffer.from(simd.memory.buffer)
  return wholeMemory
}
