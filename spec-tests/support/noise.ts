/**
 * Longer noise than this repeats. DEFLATE looks back 32 KiB, so that even this cannot be compressed; and what is read or written in
 * the wrong place shows, since it is prime.
 */
const PERIOD = 1_048_573

/** Bytes that cannot be compressed. The same seed gives the same bytes. */
export function noise(length: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  const own = Math.min(length, PERIOD)
  let state = seed
  for (let index = 0; index < own; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes[index] = state >>> 24
  }
  for (let made = own; made < length; made *= 2) bytes.copy(bytes, made, 0, made)
  return bytes
}
