import process from 'node:process'
import type { WriteStream } from 'node:tty'

export type Style = 'bold' | 'dim' | 'green' | 'red' | 'cyan' | 'yellow'

const codes: Readonly<Record<Style, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
}

/** Returns a function that styles text. It leaves text as it is if the stream is no terminal with colours, or NO_COLOR is set. */
export function styleFor(stream: NodeJS.WriteStream): (style: Style, text: string) => string {
  const coloured = stream.isTTY && (process.env.NO_COLOR ?? '') === '' && (stream as WriteStream).hasColors()
  return (style, text) => (coloured ? `\x1b[${codes[style][0]}m${text}\x1b[${codes[style][1]}m` : text)
}

/** Escapes control characters, so that text from a server cannot control the terminal. */
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
  // Not toLocaleString: its first call takes 40 ms, which would show up in the times that are printed.
  const digits = String(number).replace(/\B(?=(\d{3})+$)/g, ',')
  return `${digits} ${noun}${number === 1 ? '' : 's'}`
}
