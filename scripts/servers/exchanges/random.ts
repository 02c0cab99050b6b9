/** The next pseudo-random number, from 0 to just below 1. The generator is "mulberry32" (public domain). */
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

/** Pieces of text: JSON syntax, and characters of one to four bytes in UTF-8. */
const WORDS = ['{"id":', '"name"', ',', ' ', 'α', '€uro', '🐘', 'true', '}', '[', ']', 'lorem ipsum ', '\n', '0', '\0']

export interface RandomMessage {
  readonly content: string | Uint8Array
  /** Random bytes, which cannot be compressed. */
  readonly isNoise: boolean
}

/** Repetitive text, random bytes, or a single byte repeated. Up to about 300 KiB, mostly small. */
export function randomMessage(random: Random): RandomMessage {
  const size = Math.floor(2 ** (random() * 18.2)) - 1
  const kind = random()
  if (kind < 0.5) return { content: words(random, size), isNoise: false }
  const content = new Uint8Array(size)
  if (kind > 0.75) return { content: content.fill(random() * 256), isNoise: false }
  for (let index = 0; index < size; index++) content[index] = random() * 256
  return { content, isNoise: true }
}

/** Text of at least `size` UTF-16 code units. */
export function words(random: Random, size: number): string {
  let text = ''
  while (text.length < size) text += WORDS[Math.floor(random() * WORDS.length)]
  return text
}
