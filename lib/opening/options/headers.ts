import { isSequence, toDOMString } from '../../idl/webidl.ts'
import { isFieldValue, isToken, trimWhitespace, whyNoToken } from '../../protocol/header-values.ts'
import { quote } from '../../protocol/quoting.ts'
import { invalid, type Readers } from './reading.ts'

/**
 * Header fields: anything that the constructor of Headers takes. A field whose value is undefined is absent. One whose value is
 * null is absent, too, and removes the field that would be sent by default.
 */
export type HeadersInput =
  | Iterable<readonly [name: string, value: string | null | undefined]>
  // Pairs, as the types of fetch have them.
  | readonly (readonly string[])[]
  | Readonly<Record<string, string | readonly string[] | null | undefined>>

/** A field that the caller has given; null removes the default field of that name. */
export type CallerField = readonly [name: string, value: string | null]

/** Header fields of the opening handshake. */
export interface Options {
  /**
   * Fields to send with the opening handshake. Those of the handshake itself cannot be set; `Host` can. Default: `User-Agent`,
   * `Pragma` and `Cache-Control`, as in browsers; null for one of them removes it.
   */
  readonly headers?: HeadersInput
  /** The value of the Origin field. Default: the origin of `globalThis.location`; without a location, no field. */
  readonly origin?: string
}

export interface Settings {
  readonly headers: readonly CallerField[]
  readonly origin: string | undefined
}

export const readers: Readers<Settings> = { headers: readHeaders, origin: readOrigin }

/** Reads header fields. */
export function readHeaders(value: unknown, name: string): CallerField[] {
  if (value === undefined) return []
  if (typeof value !== 'object' || value === null) return invalid(name, 'an object or a list of [name, value] pairs')
  const headers: CallerField[] = []
  if (isSequence(value)) {
    for (const pair of value) {
      const parts = isSequence(pair) ? [...pair] : []
      if (parts.length !== 2) return invalid(name, 'a list of [name, value] pairs')
      if (parts[1] !== undefined) headers.push(readHeader(parts[0], parts[1], name))
    }
  } else {
    for (const [key, content] of Object.entries(value)) {
      const values = Array.isArray(content) ? content.filter(one => one !== null) : [content]
      for (const one of values) if (one !== undefined) headers.push(readHeader(key, one, name))
    }
  }
  return headers
}

function readHeader(key: unknown, content: unknown, name: string): CallerField {
  if (typeof key === 'symbol' || typeof content === 'symbol') return invalid(name, 'made of strings')
  const field = toDOMString(key)
  if (!isToken(field)) throw new TypeError(`The name of a header is not a token: ${whyNoToken(field)}`)
  if (isHandshakeField(field.toLowerCase())) {
    throw new TypeError(`The header ${quote(field)} cannot be set: it is reserved for the opening handshake`)
  }
  if (content === null) return [field, null]
  const text = trimWhitespace(toDOMString(content))
  if (!isFieldValue(text)) {
    throw new TypeError(`The value of the header ${quote(field)} contains characters that HTTP does not allow`)
  }
  return [field, text]
}

/** Whether a field, its name in lower case, makes the request an opening handshake, or would give the request a body. */
function isHandshakeField(name: string): boolean {
  return name.startsWith('sec-websocket-') || HANDSHAKE_FIELDS.has(name)
}

const HANDSHAKE_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

function readOrigin(value: unknown, name: string): string | undefined {
  if (value === undefined || isOrigin(value)) return value
  return invalid(name, 'a string of characters that HTTP allows in a header')
}

/**
 * The origin of the document or worker that this runs in; undefined where the host has no location.
 *
 * @throws TypeError for what the option `origin` does not take either
 */
export function documentOrigin(): string | undefined {
  const { location } = globalThis as { location?: { readonly origin?: unknown } | null }
  const origin = location?.origin ?? undefined
  if (origin === undefined || isOrigin(origin)) return origin
  throw new TypeError('The origin of globalThis.location contains characters that HTTP does not allow in a header')
}

function isOrigin(value: unknown): value is string {
  return typeof value === 'string' && isFieldValue(value)
}
