import { HostURL } from '../host/host-url.ts'
import { DOMException } from '../idl/dom-exception.ts'
import { quote } from '../protocol/quoting.ts'

/**
 * Parses the URL of a WebSocket: http and https become ws and wss.
 *
 * Unlike the spec, ws+unix and wss+unix are taken: a server behind a unix socket.
 *
 * @see https://websockets.spec.whatwg.org/#get-a-url-record
 * @throws "SyntaxError" DOMException if the URL does not parse, has another scheme than ws, wss, http or https, or has
 *   a fragment
 */
export function getURLRecord(url: string, baseURL: string | undefined): URL {
  let record: URL
  try {
    record = new HostURL(url, baseURL)
  } catch {
    const relation = baseURL === undefined ? '' : ` relative to ${quoteURL(baseURL)}`
    throw new DOMException(`${quoteURL(url)} is not a valid URL${relation}`, 'SyntaxError')
  }
  if (record.protocol === 'http:') record.protocol = 'ws:'
  else if (record.protocol === 'https:') record.protocol = 'wss:'
  if (LOCAL_SCHEMES.has(record.protocol)) {
    if (/^(?::|$)/.test(record.pathname))
      throw new DOMException('A ws+unix URL has the path of a socket', 'SyntaxError')
  } else if (record.protocol !== 'ws:' && record.protocol !== 'wss:') {
    const message = `The URL of a WebSocket must begin with ws: or wss:, not ${quote(record.protocol)}`
    throw new DOMException(message, 'SyntaxError')
  }
  // Not `record.hash`, which is empty for an empty fragment, too.
  if (record.href.includes('#')) {
    throw new DOMException('The URL of a WebSocket must not have a fragment (#)', 'SyntaxError')
  }
  return record
}

/** URLs of unix sockets, beyond the standard. */
const LOCAL_SCHEMES: ReadonlySet<string> = new Set(['ws+unix:', 'wss+unix:'])

/** The URL of the document or worker that this code runs in; undefined where the host has neither. */
export function documentURL(): string | undefined {
  return (globalThis as { location?: { href?: string } }).location?.href
}

/**
 * A URL that does not parse, for an error message: without user name, password, query and fragment, which may be credentials.
 * Where a question mark may be part of a password, nothing behind the scheme is left.
 */
function quoteURL(url: string): string {
  const visible = url.slice(0, url.search(/[?#]|$/))
  const at = url.lastIndexOf('@')
  if (at < 0) return quote(visible)
  const scheme = /^[a-z][a-z\d+.-]*:/i.exec(url.slice(0, 32))?.[0] ?? ''
  return quote(`${scheme}//…@${visible.slice(at + 1)}`)
}

/** The port of a ws or wss URL, also where it is the default of the scheme. */
export function portOf(url: URL): number {
  return url.port === '' ? (url.protocol === 'wss:' ? 443 : 80) : Number(url.port)
}

/** The host name or the address to connect to; an IPv6 address without its brackets. */
export function hostOf(url: URL): string {
  return url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname
}

/**
 * Whether `port` belongs to another protocol, so that no connection may go there.
 *
 * @see https://fetch.spec.whatwg.org/#port-blocking
 */
export function isBlockedPort(port: number): boolean {
  return BLOCKED_PORTS.has(port)
}

/** The "bad ports" of Fetch. */
const BLOCKED_PORTS: ReadonlySet<number> = new Set([
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
  111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
  540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061,
  6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
])
