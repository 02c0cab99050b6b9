/** URLs of the WebSockets Standard, and the ports of Fetch that no connection may go to. */

/**
 * Gets a URL record.
 *
 * @see https://websockets.spec.whatwg.org/#get-a-url-record
 * @throws "SyntaxError" DOMException if the URL does not parse, has another scheme than ws, wss, http or https, or has
 *   a fragment
 */
export function getURLRecord(url: string, baseURL: string | undefined): URL {
  let record: URL
  try {
    record = new URL(url, baseURL)
  } catch {
    throw new DOMException(
      `"${url}" is not a valid URL${baseURL === undefined ? '' : ` below ${baseURL}`}`,
      'SyntaxError',
    )
  }
  if (record.protocol === 'http:') record.protocol = 'ws:'
  else if (record.protocol === 'https:') record.protocol = 'wss:'
  if (record.protocol !== 'ws:' && record.protocol !== 'wss:') {
    throw new DOMException(`A WebSocket URL begins with ws: or wss:, not ${record.protocol}`, 'SyntaxError')
  }
  // An empty fragment shows in the serialization alone.
  if (record.href.includes('#')) throw new DOMException('A WebSocket URL has no fragment (#)', 'SyntaxError')
  return record
}

/** The URL of the document or worker that this code runs in; undefined where the host has neither. */
export function documentURL(): string | undefined {
  return (globalThis as { location?: { href?: string } }).location?.href
}

/** The port of a ws or wss URL. */
export function portOf(url: URL): number {
  return url.port === '' ? (url.protocol === 'wss:' ? 443 : 80) : Number(url.port)
}

/** The URL's host as a name or address to connect to: an IPv6 address without its brackets. */
export function hostOf(url: URL): string {
  return url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname
}

/** The bytes that a percent-encoded part of a URL stands for. @see https://url.spec.whatwg.org/#percent-decode */
export function percentDecode(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  let length = 0
  for (let index = 0; index < text.length; index++) {
    const hex = text[index] === '%' ? text.slice(index + 1, index + 3) : ''
    if (/^[0-9a-f]{2}$/i.test(hex)) {
      bytes[length++] = Number.parseInt(hex, 16)
      index += 2
    } else bytes[length++] = text.charCodeAt(index)
  }
  return bytes.subarray(0, length)
}

/** @see https://fetch.spec.whatwg.org/#port-blocking */
export function isBlockedPort(port: number): boolean {
  return BLOCKED_PORTS.has(port)
}

const BLOCKED_PORTS: ReadonlySet<number> = new Set([
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
  111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
  540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061,
  6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
])
