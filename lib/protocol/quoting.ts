/**
 * The longest part of a value, in UTF-16 units, that an error message quotes: messages go to logs, and a value may have
 * megabytes.
 */
const MAX_QUOTED = 120
/** The longest message, in characters, of an error that quotes a server or the system. */
const MAX_MESSAGE = 1000

/** A value that somebody gave, for an error message: in quotation marks, and cut if it is long. */
export function quote(text: string): string {
  return JSON.stringify(cut(text, MAX_QUOTED))
}

/** A message with parts that nobody has measured, cut if it is long. */
export function boundMessage(message: string): string {
  return cut(message, MAX_MESSAGE)
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text
}
