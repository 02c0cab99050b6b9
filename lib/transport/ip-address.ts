import { parseURL } from '../host/host-url.ts'

/** The bytes of an IP address, in network order: 4 or 16. Undefined for anything else. A zone (`%eth0`) is ignored. */
export function parseAddress(text: string): Uint8Array | undefined {
  return text.includes(':') ? parseIPv6(text.replace(/%.*$/, '')) : parseIPv4(text)
}

/** An IPv4 address that is written as IPv6 (RFC 4291 section 2.5.5.2) as IPv4; any other text as it is. */
export function unmapped(text: string): string {
  const bytes = parseAddress(text)
  return MAPPED.test(String(bytes)) ? bytes!.subarray(12).join('.') : text
}

/** Bytes of such an address, separated by commas. */
const MAPPED = /^(0,){10}255,255,/

function parseIPv4(text: string): Uint8Array | undefined {
  const parts = text.split('.')
  // A zero before other digits is octal to some readers.
  if (parts.length !== 4 || parts.some(part => part !== String(Number(part) & 255))) return undefined
  return Uint8Array.from(parts, Number)
}

/** RFC 4291 section 2.2. The parser of URLs checks the form, and leaves one of hexadecimal groups alone. */
function parseIPv6(text: string): Uint8Array | undefined {
  const url = /^[\da-f:.]+$/i.test(text) && parseURL(`ws://[${text}]`)
  if (!url) return undefined
  const halves = url.hostname.slice(1, -1).split('::')
  const [front, back = []] = halves.map(half => half.match(/[^:]+/g) ?? [])
  const missing = Array<string>(8 - front!.length - back.length).fill('0')
  const groups = [...front!, ...missing, ...back].map(group => Number.parseInt(group, 16))
  return Uint8Array.from(groups.flatMap(group => [group >> 8, group & 0xff]))
}
