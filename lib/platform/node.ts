import { Buffer, isUtf8 } from 'node:buffer'
import type { Platform } from '../codec/platform.ts'
import { crypto } from './builtins.ts'
import { nodeCompression } from './node-zlib.ts'
import { maskingMemory } from './simd.ts'

/** Node.js, and what is compatible with its Buffer (Bun, Deno). */
export const nodePlatform: Platform = {
  compression: nodeCompression,

  fillRandom(bytes) {
    crypto().randomFillSync(bytes)
  },

  sha1(bytes) {
    return crypto().hash('sha1', bytes, 'buffer')
  },

  base64(bytes) {
    return asBuffer(bytes).toString('base64')
  },

  allocate(size) {
    return Buffer.allocUnsafeSlow(size)
  },

  maskingMemory() {
    const memory = maskingMemory()
    // As a Buffer, like all that is encoded to.
    return memory && { ...memory, bytes: Buffer.from(memory.bytes.buffer) }
  },

  utf8Length(text) {
    return Buffer.byteLength(text)
  },

  encodeUtf8(text, target, offset) {
    return asBuffer(target).write(text, offset)
  },

  isUtf8(bytes, start, end) {
    return isUtf8(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end))
  },

  decodeUtf8(bytes, start, end) {
    // Half the price of a check beforehand: ill-formed bytes always show as U+FFFD, which is rarely sent as itself.
    const text = asBuffer(bytes).toString('utf8', start, end)
    if (text.includes('\ufffd') && !isUtf8(bytes.subarray(start, end))) return undefined
    return text
  },

  decodeLatin1(bytes, start, end) {
    return asBuffer(bytes).toString('latin1', start, end)
  },
}

function asBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
