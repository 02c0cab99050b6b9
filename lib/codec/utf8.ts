/**
 * UTF-8 that arrives in pieces: where the last whole character ends, and whether what follows can still become one.
 * Well-formedness of whole characters is the platform's work, which has a vectorised check.
 */

/**
 * The index after the last whole character of `bytes[start, end)`. At most three bytes lie beyond it.
 * Meaningful only if what precedes is well-formed; an ill-formed tail is left for the strict check.
 */
export function wholeCharactersEnd(bytes: Uint8Array, start: number, end: number): number {
  const earliest = Math.max(start, end - 3)
  for (let index = end - 1; index >= earliest; index--) {
    const byte = bytes[index]!
    if (byte < 0x80) return end
    if (byte >= 0xc0) return index + sequenceLength(byte) > end ? index : end
  }
  return end
}

/**
 * Whether `bytes[start, end)`, one to three bytes that begin with a lead byte, or none, can begin a well-formed
 * character, so that a byte that never can is refused as it arrives (Unicode 15, table 3-7; RFC 3629 section 4).
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

function sequenceLength(lead: number): number {
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
}
