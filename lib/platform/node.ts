import { Buffer, isAscii, isUtf8 } from 'node:buffer'
import type { Platform } from '../codec/platform.ts'
import { NODE_MAJOR } from '../host/node-version.ts'
import { crypto } from './builtins.ts'
import { nodeCompression } from './node-zlib.ts'
import { maskingMemory, simdOfProcess, simdWith } from './simd.ts'
import { decodeWith, encodeWith } from './simd-utf8.ts'

/**
 * Before version 26, Node.js encodes strings of two-byte units slower than WebAssembly does (24 takes twice as long), and takes
 * ten times as long to count the bytes of a long string as to copy it (bench: send utf8, send text 64 KiB).
 */
const ENCODES_SLOWLY = NODE_MAJOR < 26
/** Before version 24, it decodes text that is not ASCII four to seven times as slow (bench: receive utf8). */
const DECODES_SLOWLY = NODE_MAJOR < 24
/** WebAssembly is used from 128 units or bytes on: for fewer, the calls cost more than they save. */
const SIMD_MIN = 128
/** A string of at least 2048 units is copied to find out whether it is ASCII. */
const ASCII_CHECK_MIN = 2048
/** Units of such a string that are copied at a time. */
const COPY_SIZE = 64 * 1024
/** WebAssembly is set up for decoding once 64 KiB of text that is slow to decode have come: the set-up takes a millisecond. */
const SETUP_MIN = 64 * 1024
/**
 * A unit that does not fit into one byte. V8 stores most strings without any in one byte a unit, and then this search takes
 * no time.
 */
const WIDE = /[^\0-\xff]/

/** False in a vm context, as in Jest: there the memory of a Buffer is of another realm than this package and its users. */
const BUFFERS_ARE_OURS = Buffer.alloc(0).buffer instanceof ArrayBuffer

/** State of the decoders that stand in for a slow `TextDecoder`, shared by all connections of the process. */
const slowUtf8 = {
  /** Bytes decoded so far for which WebAssembly would have been used. */
  decoded: 0,
  /** Memory for `isAsciiText`, used within one call. Allocated by the first. */
  copy: undefined as Buffer | undefined,
}

/** Node.js, and hosts with a compatible Buffer (Bun, Deno). */
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
    return BUFFERS_ARE_OURS ? Buffer.allocUnsafeSlow(size) : new Uint8Array(size)
  },

  maskingMemory() {
    const memory = maskingMemory()
    // A Buffer, so that `asBuffer` need not make one for each text.
    return memory && { ...memory, bytes: Buffer.from(memory.bytes.buffer, 0, memory.bytes.length) }
  },

  utf8Length(text) {
    if (ENCODES_SLOWLY && text.length >= ASCII_CHECK_MIN && isAsciiText(text)) return text.length
    return Buffer.byteLength(text)
  },

  encodeUtf8(text, target, offset) {
    if (ENCODES_SLOWLY && text.length >= SIMD_MIN && WIDE.test(text)) {
      const simd = simdWith(target)
      if (simd !== undefined) {
        const start = target.byteOffset + offset
        return encodeWith(simd, text, start) - start
      }
    }
    return asBuffer(target).write(text, offset)
  },

  isUtf8(bytes, start, end) {
    return isUtf8(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end))
  },

  decodeUtf8(bytes, start, end) {
    if (DECODES_SLOWLY && end - start >= SIMD_MIN) {
      const all = bytes.subarray(start, end)
      if (!isAscii(all)) {
        slowUtf8.decoded += all.length
        const simd = slowUtf8.decoded < SETUP_MIN ? undefined : simdOfProcess()
        if (simd !== undefined) return isUtf8(all) ? decodeWith(simd, all) : undefined
      }
    }
    // Decoding first costs half as much as a check beforehand: ill-formed bytes are decoded as U+FFFD, which is rarely sent.
    const text = asBuffer(bytes).toString('utf8', start, end)
    if (text.includes('\ufffd') && !isUtf8(bytes.subarray(start, end))) return undefined
    return text
  },

  decodeLatin1(bytes, start, end) {
    return asBuffer(bytes).toString('latin1', start, end)
  },
}

function isAsciiText(text: string): boolean {
  // A copy as Latin-1 would lose the upper byte of such a unit.
  if (WIDE.test(text)) return false
  slowUtf8.copy ??= Buffer.allocUnsafeSlow(COPY_SIZE)
  const { copy } = slowUtf8
  for (let index = 0; index < text.length; index += COPY_SIZE) {
    const length = copy.write(text.slice(index, index + COPY_SIZE), 'latin1')
    if (!isAscii(copy.subarray(0, length))) return false
  }
  return true
}

function asBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
