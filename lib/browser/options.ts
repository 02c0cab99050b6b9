import { toUSVString } from '../idl/webidl.ts'
import { readers as browserReaders } from '../opening/options/browser.ts'
import { readers as debugReaders } from '../opening/options/debug.ts'
import type { CallerField } from '../opening/options/headers.ts'
import { copyOptions, type GivenOptions, readers as initReaders, isInit } from '../opening/options/init.ts'
import { invalid, milliseconds, ownMembers, type Reader } from '../opening/options/reading.ts'
import { readers as requestReaders } from '../opening/options/request.ts'
import { getURLRecord } from '../opening/url.ts'
import { scope } from './host-classes.ts'
import { profile } from './profile.ts'
import { unsupported } from './unsupported.ts'

/** The options that a page can have, checked and converted. */
export interface PageSettings {
  /** The subprotocols as the caller gave them, not converted yet. */
  readonly protocols: unknown
  readonly targetAddressSpace: string | undefined
  readonly baseURL: string | undefined
  readonly signal: SignalLike | undefined
  /** Milliseconds; 0 for the limit of the host. */
  readonly handshakeTimeout: number
  /** Milliseconds; 0 for the limit of the host. */
  readonly closeTimeout: number
  /** Undefined leaves the default of the host. */
  readonly binaryType: 'blob' | 'arraybuffer' | undefined
  readonly browser: 'refuse' | 'ignore'
  /** Bytes; 0 for no limit. */
  readonly maxUnread: number
  /** Without effect: the tools of a browser show it. */
  readonly debug: boolean
  /** Header fields. Empty where the constructor of the host takes none. */
  readonly headers: readonly CallerField[]
  readonly origin: string | undefined
}

export interface SignalLike {
  readonly aborted: boolean
  readonly reason: unknown
  addEventListener(type: 'abort', listener: () => void, options?: unknown): void
  removeEventListener(type: 'abort', listener: () => void): void
}

const readers: { readonly [Name in keyof PageSettings]: Reader<unknown> } = {
  ...initReaders,
  ...requestReaders,
  ...browserReaders,
  ...debugReaders,
  handshakeTimeout: milliseconds({ fallback: 0 }),
  closeTimeout: milliseconds({ fallback: 0 }),
  binaryType(value, name) {
    if (value === undefined || value === 'blob' || value === 'arraybuffer') return value
    return invalid(name, '"blob" or "arraybuffer"')
  },
  headers: (value, name) => profile.readHeaders?.(value, name) ?? [],
  origin(value, name) {
    return value === undefined || typeof value === 'string' ? value : invalid(name, 'a string')
  },
}

/**
 * Checks options. One that a page cannot have is refused, unless the option `browser` says to ignore it, or its value asks for
 * what happens anyway.
 *
 * @throws TypeError that names the option
 */
export function readPageOptions(options: GivenOptions): PageSettings {
  const settings: Record<string, unknown> = ownMembers({})
  for (const [name, read] of Object.entries(readers)) {
    if (canHave(name)) settings[name] = read(options[name], name)
  }
  settings.headers ??= []
  for (const [name, value] of Object.entries(options)) {
    if (canHave(name) || asksForNothing(name, value) || settings.browser === 'ignore') continue
    throw unsupported(`The WebSocket option "${name}"`)
  }
  return settings as unknown as PageSettings
}

function canHave(name: string): boolean {
  if (name === 'headers' || name === 'origin') return profile.readHeaders !== undefined
  return Object.hasOwn(readers, name)
}

function asksForNothing(name: string, value: unknown): boolean {
  if (value === undefined || value === null) return true
  // Browsers always offer compression. The other options of this kind are never in effect there.
  return value === (name === 'perMessageDeflate')
}

/**
 * Joins the options of one socket: those of the third argument of the constructor, of the second one, and the defaults.
 *
 * @throws TypeError for an option that both arguments have
 */
export function joinPageOptions(defaults: GivenOptions, second: unknown, third: unknown): GivenOptions {
  const options = copyOptions(defaults)
  const given = isInit(second) ? copyOptions(second) : copyOptions({ protocols: second })
  if (typeof third === 'object' && third !== null) {
    for (const [name, value] of Object.entries(third)) {
      if (value === undefined || value === null) continue
      if (given[name] !== undefined) throw new TypeError(`The WebSocket option "${name}" is given twice`)
      given[name] = value
    }
  }
  for (const [name, value] of Object.entries(given)) if (value !== undefined) options[name] = value
  const { readHeaders } = profile
  if (readHeaders !== undefined && defaults.headers !== undefined && given.headers !== undefined) {
    // The fields that come later replace those of the same name: see `hostHeaders`.
    options.headers = [...readHeaders(defaults.headers, 'headers'), ...readHeaders(given.headers, 'headers')]
  }
  return options
}

/** The URL for the host's constructor: resolved, and with the scheme ws or wss. @throws "SyntaxError" DOMException */
export function resolveURL(url: unknown, baseURL: string | undefined): string {
  const text = toUSVString(url)
  // The URL class of React Native appends a slash to the path, so it is asked only where it has to be.
  if (profile.readHeaders !== undefined && /^(ws|http)s?:/i.test(text)) return text.replace(/^http/i, 'ws')
  return getURLRecord(text, baseURL ?? pageURL()).href
}

/** The base URL of the document, or the URL of the worker. */
function pageURL(): string | undefined {
  const { document, location } = scope as { document?: { baseURI?: string }; location?: { href?: string } }
  return document?.baseURI ?? location?.href
}

/** The third argument of the host's constructor. Absent without header fields. */
export function hostOptions({ headers, origin }: PageSettings): [] | [{ headers: Record<string, string> }] {
  const fields = new Map<string, [name: string, value: string]>()
  for (const [name, value] of headers) {
    if (value === null) fields.delete(name.toLowerCase())
    else fields.set(name.toLowerCase(), [name, value])
  }
  if (origin !== undefined) fields.set('origin', ['origin', origin])
  return fields.size === 0 ? [] : [{ headers: Object.fromEntries(fields.values()) }]
}
