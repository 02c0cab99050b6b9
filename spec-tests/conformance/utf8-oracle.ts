/*
 * Well-formedness of UTF-8 by the grammar of RFC 3629 section 4, one octet at a time: what the client is held against,
 * so it shares nothing with the library.
 */

type Range = readonly [lowest: number, highest: number]

const TAIL: Range = [0x80, 0xbf]

/** UTF8-1 to UTF8-4: the octets of a character, one range each. */
const CHARACTERS: readonly (readonly Range[])[] = [
  [[0x00, 0x7f]],
  [[0xc2, 0xdf], TAIL],
  [[0xe0, 0xe0], [0xa0, 0xbf], TAIL],
  [[0xe1, 0xec], TAIL, TAIL],
  [[0xed, 0xed], [0x80, 0x9f], TAIL],
  [[0xee, 0xef], TAIL, TAIL],
  [[0xf0, 0xf0], [0x90, 0xbf], TAIL, TAIL],
  [[0xf1, 0xf3], TAIL, TAIL, TAIL],
  [[0xf4, 0xf4], [0x80, 0x8f], TAIL, TAIL],
]

/**
 * The index of the first octet with which the text can no longer become well-formed; its length if it ends within a
 * character; undefined if it is well-formed.
 */
export function offence(octets: Uint8Array): number | undefined {
  let character: readonly Range[] = []
  let place = 0
  for (const [index, octet] of octets.entries()) {
    if (place === character.length) {
      const found = CHARACTERS.find(([first]) => isWithin(octet, first!))
      if (found === undefined) return index
      character = found
      place = 1
    } else if (isWithin(octet, character[place]!)) place++
    else return index
  }
  return place === character.length ? undefined : octets.length
}

function isWithin(octet: number, [lowest, highest]: Range): boolean {
  return octet >= lowest && octet <= highest
}
