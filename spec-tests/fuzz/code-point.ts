import { type Arbitrary, integer } from 'fast-check'

const FIRST_SURROGATE = 0xd800
const AFTER_SURROGATES = 0xe000
const SURROGATES = AFTER_SURROGATES - FIRST_SURROGATE
const LAST = 0x10ffff

/**
 * Text of one code point, any but the surrogates. It is the unit `binary` of fast-check with the same values, without its table of
 * all code points, which costs each process more than a second and 400 MB.
 */
export const codePoint: Arbitrary<string> = integer({ min: 0, max: LAST - SURROGATES }).map(toText, toNumber)

function toText(number: number): string {
  return String.fromCodePoint(number < FIRST_SURROGATE ? number : number + SURROGATES)
}

/** @throws {TypeError} if it is no text of one such code point */
function toNumber(text: unknown): number {
  const point = typeof text === 'string' ? text.codePointAt(0) : undefined
  const isSurrogate = point !== undefined && point >= FIRST_SURROGATE && point < AFTER_SURROGATES
  if (point === undefined || isSurrogate || String.fromCodePoint(point) !== text) {
    throw new TypeError('Only text of one code point that is no surrogate comes from here')
  }
  return point < FIRST_SURROGATE ? point : point - SURROGATES
}
