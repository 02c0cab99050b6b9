import type { HeaderList } from '../transport/pipe.ts'

/** The values of all fields with a name, which is given in lower case, in the order of the list. */
export function getAll(headers: HeaderList, name: string): string[] {
  const values: string[] = []
  // Without iterators, which are objects until the code is compiled (bench: connect and close).
  for (let index = 0; index < headers.length; index++) {
    const field = headers[index]!
    if (field[0].length === name.length && field[0].toLowerCase() === name) values.push(field[1])
  }
  return values
}

/** The fields as an object; values of equal names are joined. A server may name one `constructor` or `__proto__`. */
export function asObject(headers: HeaderList): Record<string, string> {
  const fields = new Map<string, string>()
  for (const [name, value] of headers) fields.set(name, fields.has(name) ? `${fields.get(name)}, ${value}` : value)
  return Object.fromEntries(fields)
}

/** The members of a comma-separated field without quoted strings. Empty ones are skipped (RFC 9110 section 5.6.1). */
export function listMembers(headers: HeaderList, name: string): string[] {
  return getAll(headers, name).join().split(',').map(trimWhitespace).filter(Boolean)
}

/** Whether `value` is a token (RFC 9110 section 5.6.2). */
export function isToken(value: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(value)
}

/** Why `value` is not a token, for an error message that does not quote the value. */
export function whyNoToken(value: string): string {
  const character = /[^!#$%&'*+\-.^_`|~0-9A-Za-z]/u.exec(value)?.[0]
  return character === undefined ? 'it is empty' : `it contains ${JSON.stringify(character)}`
}

/** Whether `value` may be sent as a field value: Latin-1 without NUL, CR and LF (Fetch, "header value"). */
export function isFieldValue(value: string): boolean {
  return !/[\0\r\n]|[^\0-\xff]/.test(value)
}

/** One byte for each character, which must be Latin-1. */
export function encodeLatin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index)
  return bytes
}

/** Strips leading and trailing spaces and tabs, the only whitespace around values (RFC 9110 section 5.6.3). */
export function trimWhitespace(value: string): string {
  let start = 0
  let end = value.length
  while (start < end && isWhitespace(value, start)) start++
  while (end > start && isWhitespace(value, end - 1)) end--
  return value.slice(start, end)
}

/** Whether the character at `index` is a space or a tab. */
export function isWhitespace(value: string, index: number): boolean {
  const code = value.charCodeAt(index)
  return code === 0x20 || code === 0x09
}
