import type { AbortSignal } from '../host/host-types.ts'
import { toDOMString } from '../idl/webidl.ts'
import type { DeflateOffer } from '../protocol/extensions.ts'
import { isFieldValue, isToken, trimWhitespace } from '../protocol/header-values.ts'
import type { CompressionSettings } from '../protocol/message-compressor.ts'
import type { Connect } from '../transport/connect.ts'
import type { Duplex, HeaderList, Pipe } from '../transport/pipe.ts'
import type { TlsOptions } from '../transport/tls-options.ts'

/** The fields to send: anything that the constructor of Headers takes. */
export type HeadersInput =
  | Iterable<readonly [name: string, value: string]>
  | Readonly<Record<string, string | readonly string[]>>

/** Pings at an interval, to notice a peer that vanished. */
export interface HeartbeatOptions {
  /** Milliseconds between pings. */
  readonly interval: number
  /** Milliseconds without any sign of life after a ping until the connection is given up. Default: the interval. */
  readonly timeout?: number
}

/** How messages are compressed (RFC 7692). */
export interface PerMessageDeflateOptions {
  /** Messages of fewer bytes are sent as they are. Default: 64. */
  readonly threshold?: number
  /** zlib's compression level, 0 to 9. Default: 1, which costs a third of 6 for messages about a fifth larger. */
  readonly level?: number
  /** zlib's memory for compression, 1 to 9. Default: 8. */
  readonly memLevel?: number
  /** Asks the server to compress each message by itself: less memory on both sides, larger messages. Default: false. */
  readonly serverNoContextTakeover?: boolean
  /** Compresses each message by itself. Default: false. */
  readonly clientNoContextTakeover?: boolean
  /** Limits the server's window to 2 to this power in bytes, 8 to 15: our memory for receiving. Default: no limit. */
  readonly serverMaxWindowBits?: number
  /** Limits our own window likewise; true lets the server limit it, false does not. Default: true. */
  readonly clientMaxWindowBits?: number | boolean
}

/** What the browser's API has no place for: the second argument of the constructor, as a plain object. */
export interface WebSocketOptions {
  /** Subprotocols, in order of preference. */
  readonly protocols?: string | Iterable<string>
  /** Fields to send with the opening handshake. Those of the handshake itself cannot be set; `Host` can. */
  readonly headers?: HeadersInput
  /** The value of the Origin field. Default: the origin of `globalThis.location`, or none. */
  readonly origin?: string
  /** What a relative URL is resolved against. Default: `globalThis.location`, or nothing. */
  readonly baseURL?: string | { readonly href: string }
  /** Gives up connecting when aborted; an open connection stays. */
  readonly signal?: AbortSignal
  /**
   * Milliseconds for the opening handshake, TCP and TLS included, and as many for DNS; 0 for no limit. Default: 30,000.
   * It does not count while another connection to the same host and port is being opened (RFC 6455 section 4.1).
   */
  readonly handshakeTimeout?: number
  /**
   * Milliseconds for the closing handshake and the server's end of TCP; 0 for no limit. Default: 10,000. They begin anew as
   * long as the server still takes what was sent before.
   */
  readonly closeTimeout?: number
  /** Off by default. */
  readonly heartbeat?: HeartbeatOptions | false
  /** The largest message to receive, in bytes; 0 for no limit. Default: 134,217,728 (128 MiB). */
  readonly maxPayload?: number
  /** The largest number of frames in a received message; 0, the default, for no limit: they cost no memory. */
  readonly maxFragments?: number
  /** Offers permessage-deflate, as all browsers do; false does not. Default: true. */
  readonly perMessageDeflate?: boolean | PerMessageDeflateOptions
  /** What to trust and to show over wss. */
  readonly tls?: TlsOptions
  /** The transport: gives an open byte pipe (already encrypted for wss) or two byte streams; or is one, for one use. */
  readonly connect?: Connect | Pipe | Duplex
}

/** The options with their defaults, checked. */
export interface Settings {
  readonly protocols: unknown
  readonly headers: HeaderList
  readonly origin: string | undefined
  readonly baseURL: string | undefined
  readonly signal: AbortSignal | undefined
  readonly handshakeTimeout: number
  readonly closeTimeout: number
  readonly heartbeat: Required<HeartbeatOptions> | undefined
  readonly maxPayload: number
  readonly maxFragments: number
  /** Undefined: the extension is not offered. */
  readonly perMessageDeflate: DeflateSettings | undefined
  readonly tls: TlsOptions | undefined
  readonly connect: Connect | undefined
}

/** The offer to make, and how to compress once it was accepted. */
export interface DeflateSettings extends DeflateOffer, CompressionSettings {}

const MAX_TIMER = 0x7fffffff

/** One function an option: undefined gives the default; throws a TypeError that names the option. */
const readers: { [Name in keyof Settings]: (value: unknown, name: string) => Settings[Name] } = {
  protocols: value => value,
  headers: readHeaders,
  origin: readOrigin,
  baseURL: readBaseURL,
  signal: readSignal,
  handshakeTimeout: (value, name) => readInteger(value, name, 30_000, MAX_TIMER),
  closeTimeout: (value, name) => readInteger(value, name, 10_000, MAX_TIMER),
  heartbeat: readHeartbeat,
  maxPayload: (value, name) => readInteger(value, name, 128 * 1024 * 1024, Number.MAX_SAFE_INTEGER),
  maxFragments: (value, name) => readInteger(value, name, 0, Number.MAX_SAFE_INTEGER),
  perMessageDeflate: readPerMessageDeflate,
  tls: readTls,
  connect: readConnect,
}

const names = Object.keys(readers) as (keyof Settings)[]

/**
 * Checks the options and fills in the defaults.
 *
 * Unlike a Web IDL dictionary, an unknown name is an error: a misspelt limit must not be no limit.
 *
 * @throws TypeError that names the option
 */
export function readOptions(options: object): Settings {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(readers, name)) throw new TypeError(`There is no WebSocket option "${name}"`)
  }
  const settings: Record<string, unknown> = {}
  // Own members alone, so that nothing comes in by a polluted prototype.
  for (const name of names) {
    const value = Object.hasOwn(options, name) ? (options as Record<string, unknown>)[name] : undefined
    settings[name] = readers[name](value, name)
  }
  return settings as unknown as Settings
}

/** The settings without any option; they are the same for all sockets. */
export const defaultSettings: Settings = Object.freeze(readOptions({}))

function readInteger(value: unknown, name: string, fallback: number, highest: number, lowest = 0): number {
  if (value === undefined) return fallback
  if (typeof value !== 'number' || !Number.isInteger(value) || value < lowest || value > highest) {
    throw new TypeError(`The WebSocket option "${name}" is not a whole number from ${lowest} to ${highest}`)
  }
  return value
}

function readHeartbeat(value: unknown, name: string): Required<HeartbeatOptions> | undefined {
  if (value === undefined || value === false) return undefined
  if (typeof value !== 'object' || value === null) return invalid(name, 'false or an object')
  refuseUnknown(value, HEARTBEAT_NAMES, name)
  const { interval, timeout } = value as HeartbeatOptions
  const checked = readInteger(interval, 'heartbeat.interval', 0, MAX_TIMER)
  if (checked === 0) return invalid('heartbeat.interval', 'a number of milliseconds above 0')
  return { interval: checked, timeout: readInteger(timeout, 'heartbeat.timeout', checked, MAX_TIMER) || checked }
}

const HEARTBEAT_NAMES: ReadonlySet<string> = new Set(['interval', 'timeout'] satisfies (keyof HeartbeatOptions)[])

function readPerMessageDeflate(value: unknown, name: string): DeflateSettings | undefined {
  if (value === false) return undefined
  if (value !== undefined && value !== true && (typeof value !== 'object' || value === null)) {
    return invalid(name, 'a boolean or an object')
  }
  const options: PerMessageDeflateOptions = typeof value === 'object' ? value : {}
  // Not for the defaults, which are read before the set below is made.
  if (options === value) refuseUnknown(options, DEFLATE_NAMES, name)
  const { serverMaxWindowBits, clientMaxWindowBits = true } = options
  const bits = (key: string, given: unknown): number => readInteger(given, `${name}.${key}`, 15, 15, 8)
  return {
    threshold: readInteger(options.threshold, `${name}.threshold`, 64, Number.MAX_SAFE_INTEGER),
    level: readInteger(options.level, `${name}.level`, 1, 9),
    memLevel: readInteger(options.memLevel, `${name}.memLevel`, 8, 9, 1),
    serverNoContextTakeover: readBoolean(options.serverNoContextTakeover, `${name}.serverNoContextTakeover`),
    clientNoContextTakeover: readBoolean(options.clientNoContextTakeover, `${name}.clientNoContextTakeover`),
    serverMaxWindowBits:
      serverMaxWindowBits === undefined ? undefined : bits('serverMaxWindowBits', serverMaxWindowBits),
    clientMaxWindowBits:
      typeof clientMaxWindowBits === 'boolean' ? clientMaxWindowBits : bits('clientMaxWindowBits', clientMaxWindowBits),
  }
}

const DEFLATE_NAMES: ReadonlySet<string> = new Set([
  'clientMaxWindowBits',
  'clientNoContextTakeover',
  'level',
  'memLevel',
  'serverMaxWindowBits',
  'serverNoContextTakeover',
  'threshold',
] satisfies (keyof PerMessageDeflateOptions)[])

function readBoolean(value: unknown, name: string): boolean {
  if (value === undefined) return false
  return typeof value === 'boolean' ? value : invalid(name, 'a boolean')
}

function readOrigin(value: unknown, name: string): string | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string' || !isFieldValue(value)) return invalid(name, 'a string that a header field may have')
  return value
}

function readBaseURL(value: unknown, name: string): string | undefined {
  if (value === undefined) return undefined
  const url = hasHref(value) ? value.href : value
  if (typeof url !== 'string' || !URL.canParse(url)) return invalid(name, 'an absolute URL')
  return url
}

function readSignal(value: unknown, name: string): AbortSignal | undefined {
  if (value === undefined) return undefined
  const signal = value as { aborted?: unknown; addEventListener?: unknown } | null
  if (typeof signal?.aborted !== 'boolean' || typeof signal.addEventListener !== 'function') {
    return invalid(name, 'an AbortSignal')
  }
  return value as AbortSignal
}

function readTls(value: unknown, name: string): TlsOptions | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'object' || value === null) return invalid(name, 'an object')
  refuseUnknown(value, TLS_NAMES, name)
  for (const [key, content] of Object.entries(value)) {
    const { takes, wanted } = tlsMembers[key as keyof TlsOptions]
    if (content !== undefined && !takes(content)) return invalid(`${name}.${key}`, wanted)
  }
  // A copy, with its lists and bytes: what the caller changes afterwards is for the next socket.
  return structuredClone(value)
}

interface TlsMember {
  takes(value: unknown): boolean
  readonly wanted: string
}

const BYTES: TlsMember = {
  takes: value => typeof value === 'string' || value instanceof Uint8Array,
  wanted: 'a string or a Uint8Array',
}
const PEM: TlsMember = {
  takes: value => (Array.isArray(value) ? value.every(BYTES.takes) : BYTES.takes(value)),
  wanted: 'a string, a Uint8Array, or a list of them',
}
const STRING: TlsMember = { takes: value => typeof value === 'string', wanted: 'a string' }
const BOOLEAN: TlsMember = { takes: value => typeof value === 'boolean', wanted: 'a boolean' }
const VERSION: TlsMember = {
  takes: value => value === 'TLSv1.2' || value === 'TLSv1.3',
  wanted: '"TLSv1.2" or "TLSv1.3"',
}

const tlsMembers: { readonly [Name in keyof Required<TlsOptions>]: TlsMember } = {
  ca: PEM,
  cert: PEM,
  ciphers: STRING,
  key: PEM,
  maxVersion: VERSION,
  minVersion: VERSION,
  passphrase: STRING,
  pfx: BYTES,
  rejectUnauthorized: BOOLEAN,
  servername: STRING,
}
const TLS_NAMES: ReadonlySet<string> = new Set(Object.keys(tlsMembers))

function readConnect(value: unknown, name: string): Connect | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'function') return value as Connect
  // An open pipe, or a pair of streams, is good for one connection.
  if (isPipe(value)) return () => value as never
  return invalid(name, 'a function, a Pipe, or an object with readable and writable')
}

/** Whether `value` looks like a `Pipe` or a `Duplex`. */
export function isPipe(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return 'start' in value || ('readable' in value && 'writable' in value)
}

function readHeaders(value: unknown, name: string): HeaderList {
  if (value === undefined) return []
  if (typeof value !== 'object' || value === null) return invalid(name, 'an object or a list of pairs')
  const headers: [string, string][] = []
  if (Symbol.iterator in value) {
    for (const pair of value as Iterable<unknown>) {
      const parts = typeof pair === 'object' && pair !== null && Symbol.iterator in pair ? [...(pair as string[])] : []
      if (parts.length !== 2) return invalid(name, 'a list of pairs')
      headers.push(readHeader(parts[0], parts[1]))
    }
  } else {
    for (const [key, content] of Object.entries(value)) {
      for (const one of Array.isArray(content) ? content : [content]) headers.push(readHeader(key, one))
    }
  }
  return headers
}

function readHeader(key: unknown, content: unknown): [string, string] {
  if (typeof key === 'symbol' || typeof content === 'symbol') return invalid('headers', 'made of strings')
  const field = toDOMString(key)
  if (!isToken(field)) return invalid('headers', `made of header names: ${JSON.stringify(field)} is none`)
  if (isHandshakeField(field.toLowerCase())) {
    throw new TypeError(`The WebSocket option "headers" cannot set ${field}: the handshake does`)
  }
  const text = trimWhitespace(toDOMString(content))
  if (!isFieldValue(text)) return invalid('headers', `made of header values: that of ${field} is none`)
  return [field, text]
}

/** Fields that make the request an opening handshake, or would give it a body. */
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

function hasHref(value: unknown): value is { href: unknown } {
  return typeof value === 'object' && value !== null && 'href' in value
}

/** A misspelt limit must not be no limit. */
function refuseUnknown(value: object, known: ReadonlySet<string>, name: string): void {
  for (const key of Object.keys(value)) {
    if (!known.has(key)) throw new TypeError(`There is no WebSocket option "${name}.${key}"`)
  }
}

function invalid(name: string, wanted: string): never {
  throw new TypeError(`The WebSocket option "${name}" is not ${wanted}`)
}
