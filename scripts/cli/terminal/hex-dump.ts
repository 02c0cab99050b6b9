import { count } from '../text.ts'

/** Bytes that are shown of a long message. */
const MOST_SHOWN = 256

/**
 * Bytes as a hex dump: offset, hexadecimal, ASCII. As many bytes in a row as the width has room for: 16, 8 or 4.
 *
 * @param most the number of bytes to show
 */
export function hexDump(bytes: Uint8Array, width: number, most: number = MOST_SHOWN): string[] {
  const offsetDigits = Math.max(4, (bytes.length - 1).toString(16).length)
  // Offset and two spaces; three characters a byte and one space in the middle; a space; a character a byte.
  const perRow = [16, 8, 4].find(number => offsetDigits + 2 + number * 4 + 2 <= width) ?? 4
  const rows: string[] = []
  const end = Math.min(bytes.length, most)
  for (let offset = 0; offset < end; offset += perRow) {
    const row = bytes.subarray(offset, Math.min(offset + perRow, end))
    const pairs = Array.from(row, byte => byte.toString(16).padStart(2, '0'))
    const halves = [pairs.slice(0, perRow / 2).join(' '), pairs.slice(perRow / 2).join(' ')]
    const hexadecimal = halves
      .join('  ')
      .trimEnd()
      .padEnd(perRow * 3)
    const characters = Array.from(row, byte => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('')
    rows.push(`${offset.toString(16).padStart(offsetDigits, '0')}  ${hexadecimal}  ${characters}`)
  }
  if (end < bytes.length) rows.push(`… ${count(bytes.length - end, 'byte')} more`)
  return rows
}
