import { Buffer, isAscii, isUtf8 } from 'node:buffer'
import type { Platform } from '../codec/platform.ts'
import { process } from '../host/node-process.ts'
import { crypto } from './builtins.ts'
import { nodeCompression } from './node-zlib.ts'
import { maskingMemory, simdOfProcess, simdWith } from './simd.ts'
import { decodeWith, encodeWith } from './simd-utf8.ts'

const isNode = process.versions.bun === undefined && process.versions.deno === undefined
const MAJOR = Number.parseInt(process.versions.node, 10)
/**
 * Before 26, Node.js is slower than WebAssembly at encoding strings whose units have two bytes (24 takes twice as long), and to
 * count the bytes of a long string takes it ten times as long as to copy it (bench: send utf8, send text 64 KiB).
 */
const ENCODES_SLOWLY = isNode && MAJOR < 26
/** Before 24, it takes four to seven times as long for text that is not ASCII (bench: receive utf8). */
const DECODES_SLOWLY = isNode && MAJOR < 24
/** Below so many units, or bytes, the calls cost more than they save. */
const WORTH_THE_CALLS = 128
const WORTH_A_COPY = 2048
/** What is copied only to be looked at. */
const COPY_SIZE = 64 * 1024
let copy: Buffer | undefined
/** After so many bytes of such text it is worth the millisecond that it takes to set up. */
const WORTH_SETTING_UP = 64 * 1024
let decodedBefore = 0
/** A string that has none of these has units of one byte, mostly; then this takes no time. */
const WIDE = /[^\0-\xff]/

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
    return memory && { ...memory, bytes: Buffer.from(memory.bytes.buffer, 0, memory.bytes.length) }
  },

  utf8Length(text) {
    if (ENCODES_SLOWLY && text.length >= WORTH_A_COPY && isAsciiText(text)) return text.length
    return Buffer.byteLength(text)
  },

  encodeUtf8(text, target, offset) {
    if (ENCODES_SLOWLY && text.length >= WORTH_THE_CALLS && WIDE.test(text)) {
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
    if (DECODES_SLOWLY && end - start >= WORTH_THE_CALLS) {
      const all = bytes.subarray(start, end)
      if (!isAscii(all)) {
        decodedBefore += all.length
        const simd = decodedBefore < WORTH_SETTING_UP ? undefined : simdOfProcess()
        if (simd !== undefined) return isUtf8(all) ? decodeWith(simd, all) : undefined
      }
    }
    // Half the price of a check beforehand: ill-formed bytes always show as U+FFFD, which is rarely sent as itself.
    const text = asBuffer(bytes).toString('utf8', start, end)
    if (text.includes('\ufffd') && !isUtf8(bytes.subarray(start, end))) return undefined
    return text
  },

  decodeLatin1(bytes, start, end) {
    return asBuffer(bytes).toString('latin1', start, end)
  },
}

function isAsciiText(text: string): boolean {
  // It would lose what its units have beyond a byte.
  if (WIDE.test(text)) return false
  copy ??= Buffer.allocUnsafeSlow(COPY_SIZE)
  for (let index = 0; index < text.length; index += COPY_SIZE) {
    const length = copy.write(text.slice(index, index + COPY_SIZE), 'latin1')
    if (!isAscii(copy.subarray(0, length))) return false
  }
  return true
}

function asBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
