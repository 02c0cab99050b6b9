/** The bytes of an IP address, in network order: 4 or 16. Undefined for anything else. A zone (`%eth0`) is ignored. */
export function parseAddress(text: string): Uint8Array | undefined {
  return text.includes(':') ? parseIPv6(text.replace(/%.*$/, '')) : parseIPv4(text)
}

/** An IPv4 address that is written as IPv6 (RFC 4291 section 2.5.5.2) as IPv4; any other text as it is. */
export function unmapped(text: string): string {
  const bytes = parseAddress(text)
  if (bytes?.length !== 16 || !MAPPED.every((byte, index) => bytes[index] === byte)) return text
  return bytes.subarray(12).join('.')
}

/** The first 12 bytes of an IPv4 address that is written as IPv6. */
const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]

function parseIPv4(text: string): Uint8Array | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every(part => /^\d{1,3}$/.test(part) && Number(part) < 256)) return undefined
  return Uint8Array.from(parts, Number)
}

/** RFC 4291 section 2.2. */
function parseIPv6(text: string): Uint8Array | undefined {
  // The last 32 bits may be written as IPv4.
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  if (dotted !== null) {
    const tail = parseIPv4(dotted[2]!)
    if (tail === undefined) return undefined
    const [first, second] = [(tail[0]! << 8) | tail[1]!, (tail[2]! << 8) | tail[3]!]
    return parseIPv6(`${dotted[1]}${first.toString(16)}:${second.toString(16)}`)
  }
  const halves = text.split('::')
  const [front, back = []] = halves.map(half => (half === '' ? [] : half.split(':')))
  const missing = 8 - front!.length - back.length
  if (halves.length > 2 || (halves.length === 1 ? missing !== 0 : missing < 1)) return undefined
  const groups = [...front!, ...Array.from({ length: missing }, () => '0'), ...back]
  if (!groups.every(group => /^[\da-f]{1,4}$/i.test(group))) return undefined
  return Uint8Array.from(groups.flatMap(group => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]))
}
