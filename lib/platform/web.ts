import type { Platform } from '../codec/platform.ts'
import { sha1 } from './sha1.ts'
import { maskingMemory } from './simd.ts'
import { utf8Length } from './utf8-length.ts'

/** The host's objects at load: a program may replace them. */
const { crypto } = globalThis as unknown as { crypto: { getRandomValues(bytes: Uint8Array): unknown } }
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Any host with these globals of the web: `crypto`, `TextEncoder`, `TextDecoder`, `btoa`. */
export const webPlatform: Platform = {
  fillRandom(bytes) {
    crypto.getRandomValues(bytes)
  },

  sha1,

  base64(bytes) {
    let text = ''
    for (const byte of bytes) text += String.fromCharCode(byte)
    return btoa(text)
  },

  allocate(size) {
    return new Uint8Array(size)
  },

  maskingMemory,

  utf8Length,

  encodeUtf8(text, target, offset) {
    return encoder.encodeInto(text, offset === 0 ? target : target.subarray(offset)).written
  },

  isUtf8(bytes, start, end) {
    return webPlatform.decodeUtf8(bytes, start, end) !== undefined
  },

  decodeUtf8(bytes, start, end) {
    try {
      return decoder.decode(bytes.subarray(start, end))
    } catch (error) {
      // A TypeError means that the bytes are ill-formed. A string that would be too long is another error.
      if (error instanceof TypeError) return undefined
      throw error
    }
  },
}
