import { printable } from './text.ts'

const NAMES: Readonly<Record<number, string>> = {
  1000: 'normal',
  1001: 'going away',
  1002: 'protocol error',
  1003: 'unsupported data',
  1005: 'no code',
  1006: 'abnormal closure',
  1007: 'invalid payload',
  1008: 'policy violation',
  1009: 'message too big',
  1010: 'missing extension',
  1011: 'internal error',
  1012: 'service restart',
  1013: 'try again later',
  1014: 'bad gateway',
  1015: 'TLS handshake',
}

/** Such as `1000 normal "Bye"`. */
export function describeClose(code: number, reason: string): string {
  const name = NAMES[code]
  return `${code}${name === undefined ? '' : ` ${name}`}${reason === '' ? '' : ` "${printable(reason)}"`}`
}

/** The end of a conversation: normal, going away, no code. */
const USUAL: readonly number[] = [1000, 1001, 1005]

/** Whether a server that closes with this code says that something went wrong. Codes from 3000 on, an application's own, do. */
export function isErrorCode(code: number): boolean {
  return !USUAL.includes(code)
}

/** Codes of a server that will be there again, or may fare better: going away, internal error, restart, overload, gateway. */
const PASSING: readonly number[] = [1001, 1011, 1012, 1013, 1014]

/** Whether another connection may live longer than one that a server closed with this code. */
export function mayBeRetried(code: number): boolean {
  return PASSING.includes(code)
}
