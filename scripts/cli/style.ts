import process from 'node:process'
import { createColors } from 'picocolors'

export type Colours = ReturnType<typeof createColors>

/** Whether the text of a stream may be coloured: a terminal, unless NO_COLOR is set, `--no-color` is given or TERM is "dumb". */
export function hasColours(stream: { readonly isTTY?: boolean }): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env
  if (process.argv.includes('--no-color') || (NO_COLOR ?? '') !== '') return false
  if ((FORCE_COLOR ?? '') !== '' && FORCE_COLOR !== '0') return true
  return stream.isTTY === true && TERM !== 'dumb'
}

/** Functions that colour text for a stream, or leave it as it is. */
export function coloursFor(stream: { readonly isTTY?: boolean }): Colours {
  return createColors(hasColours(stream))
}
