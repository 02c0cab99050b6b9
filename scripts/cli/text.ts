import { Buffer } from 'node:buffer'

/** Escapes control characters, so that text from a server cannot control the terminal. Line breaks and tabs stay. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g, character => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

/** The first `most` bytes in hexadecimal. */
export function hexadecimal(bytes: Uint8Array, most = 16): string {
  const shown = Array.from(bytes.subarray(0, most), byte => byte.toString(16).padStart(2, '0')).join(' ')
  return bytes.length > most ? `${shown} …` : shown
}

export function count(number: number, noun: string): string {
  return `${digits(number)} ${noun}${number === 1 ? '' : 's'}`
}

/** A number with a comma between each three digits. Not `toLocaleString`, whose first call takes 40 ms. */
export function digits(number: number): string {
  const [whole, fraction] = String(number).split('.') as [string, string?]
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}

/** The name that is most like `wanted`, if one is like it. */
export function closest(wanted: string, names: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1
  for (const name of names) {
    const distance = name.startsWith(wanted) && wanted !== '' ? 0 : editDistance(wanted, name)
    if (distance < least) {
      best = name
      least = distance
    }
  }
  return best
}

/** Insertions, deletions, replacements and exchanges of neighbours that lead from one text to the other. */
function editDistance(one: string, other: string): number {
  let before: number[] = []
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let i = 1; i <= one.length; i++) {
    const next = [i]
    for (let j = 1; j <= other.length; j++) {
      const replaced = row[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1)
      const areExchanged = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]
      const exchanged = areExchanged ? before[j - 2]! + 1 : Number.POSITIVE_INFINITY
      next.push(Math.min(replaced, exchanged, row[j]! + 1, next[j - 1]! + 1))
    }
    before = row
    row = next
  }
  return row.at(-1)!
}

/** The bytes of Base64, in either alphabet, with line breaks or without padding. Undefined if the text is something else. */
export function readBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  const digits = text.replace(/\s/g, '').replace(/={1,2}$/, '')
  if (!/^[\w+/-]*$/.test(digits) || digits.length % 4 === 1) return undefined
  return Uint8Array.from(Buffer.from(digits, 'base64'))
}
