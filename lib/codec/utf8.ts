import type { Platform } from './platform.ts'
import { BEYOND_HOST, NOT_UTF8, type Violation } from './violations.ts'

/*
 * The UTF-8 of text messages (RFC 6455 section 8.1). Well-formedness of whole characters is checked by the platform, which
 * is vectorised; this file handles the characters that are cut.
 */

/** A text message as a string, or why it is none. */
export function decodeText(platform: Platform, bytes: Uint8Array, start: number, end: number): string | Violation {
  try {
    return platform.decodeUtf8(bytes, start, end) ?? NOT_UTF8
  } catch {
    return BEYOND_HOST
  }
}

/**
 * The index after the last whole character of `bytes[start, end)`. At most three bytes lie beyond it. An ill-formed end
 * counts as whole, so that the platform's check finds it.
 */
export function wholeCharactersEnd(bytes: Uint8Array, start: number, end: number): number {
  const earliest = Math.max(start, end - 3)
  for (let index = end - 1; index >= earliest; index--) {
    const byte = bytes[index]!
    if (byte < 0x80) return end
    if (byte >= 0xc0) {
      const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
      return index + length > end ? index : end
    }
  }
  return end
}

/**
 * Whether `bytes[start, end)`, no byte or one to three that begin with a lead byte, can begin a well-formed character. A
 * byte that never can is refused as it arrives (Unicode 15, table 3-7; RFC 3629 section 4).
 */
export function canBecomeCharacter(bytes: Uint8Array, start: number, end: number): boolean {
  if (start === end) return true
  const lead = bytes[start]!
  if (lead < 0xc2 || lead > 0xf4) return false
  if (end - start === 1) return true
  const second = bytes[start + 1]!
  // Overlong forms, surrogates and code points above U+10FFFF all show in the second byte.
  const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
  const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
  if (second < lowest || second > highest) return false
  return end - start === 2 || (bytes[start + 2]! & 0xc0) === 0x80
}
