/** The names of the status codes of RFC 6455 section 7.4.1, and of its registry at IANA. */
const NAMES: Readonly<Record<number, string>> = {
  1000: 'normal closure',
  1001: 'going away',
  1002: 'protocol error',
  1003: 'unsupported data',
  1005: 'no status received',
  1006: 'abnormal closure',
  1007: 'invalid payload data',
  1008: 'policy violation',
  1009: 'message too big',
  1010: 'extension expected',
  1011: 'internal error',
  1012: 'service restart',
  1013: 'try again later',
  1014: 'bad gateway',
  1015: 'TLS handshake failed',
}

/** A status code for people: "1006 (abnormal closure)". A code without a name stands alone. */
export function withName(code: number): string {
  const name = NAMES[code]
  return name === undefined ? String(code) : `${code} (${name})`
}
