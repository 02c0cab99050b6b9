/** A number that follows from the seed, from 0 to just below 1 (the generator "mulberry32", public domain). */
export type Random = () => number

export function createRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

const WORDS = ['{"id":', '"name"', ',', ' ', 'α', '€uro', '🐘', 'true', '}', '[', ']', 'lorem ipsum ', '\n', '0', '\0']

/** Text of words that come again, noise, or one byte all over; of any size up to some 300 KiB, mostly small. */
export function randomMessage(random: Random): string | Uint8Array {
  const size = Math.floor(2 ** (random() * 18.2)) - 1
  const kind = random()
  if (kind < 0.5) {
    let text = ''
    while (text.length < size) text += WORDS[Math.floor(random() * WORDS.length)]
    return text
  }
  const bytes = new Uint8Array(size)
  if (kind < 0.75) for (let index = 0; index < size; index++) bytes[index] = random() * 256
  else bytes.fill(random() * 256)
  return bytes
}
