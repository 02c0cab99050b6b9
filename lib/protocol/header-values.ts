import type { HeaderList } from '../transport/pipe.ts'

/** The values of all fields of that name, in their order. Header lists are searched, never made into objects. */
export function getAll(headers: HeaderList, name: string): string[] {
  const values: string[] = []
  for (const [fieldName, value] of headers) if (fieldName.toLowerCase() === name) values.push(value)
  return values
}

/** The members of a comma-separated list field without quoted strings, empty ones left out (RFC 9110 section 5.6.1). */
export function listMembers(headers: HeaderList, name: string): string[] {
  return getAll(headers, name)
    .flatMap(value => value.split(','))
    .map(trimWhitespace)
    .filter(member => member !== '')
}

/** Whether `value` is a token (RFC 9110 section 5.6.2). */
export function isToken(value: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(value)
}

/** Whether `value` may be sent as a field value: bytes, and no NUL, CR or LF (Fetch, "header value"). */
export function isFieldValue(value: string): boolean {
  return !/[\0\r\n]|[^\0-\xff]/.test(value)
}

/** Strips leading and trailing spaces and tabs, the only whitespace around values (RFC 9110 section 5.6.3). */
export function trimWhitespace(value: string): string {
  let start = 0
  let end = value.length
  while (start < end && isWhitespace(value, start)) start++
  while (end > start && isWhitespace(value, end - 1)) end--
  return value.slice(start, end)
}

function isWhitespace(value: string, index: number): boolean {
  const code = value.charCodeAt(index)
  return code === 0x20 || code === 0x09
}
