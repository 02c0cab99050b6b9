import { type ConnectionError, handshake, type WebSocket } from '#lib/entry/node.js'
import { printable } from './text.ts'

/** Why a connection failed, in lines: the message with its code, the cause, and the response of a server that refused. */
export function describeFailure(socket: WebSocket, error: ConnectionError): string[] {
  const lines = [`${printable(error.message.trim())} (${error.code})`]
  const cause = error.cause instanceof Error ? describeCause(error.cause) : ''
  if (cause !== '' && !error.message.includes(cause)) lines.push(`because: ${printable(cause)}`)
  const response = handshake(socket)
  if (response === undefined || response.status === 101) return lines
  for (const [name, value] of response.headers) lines.push(`  ${printable(`${name}: ${value}`)}`)
  const body = new TextDecoder().decode(response.body).trimEnd()
  if (body !== '') lines.push('', ...printable(body).split('\n'))
  return lines
}

/** Node.js joins the errors of several addresses to an AggregateError without a message. */
function describeCause(cause: Error): string {
  if (cause instanceof AggregateError) return cause.errors.map(error => (error as Error).message).join('; ')
  return cause.message.trim()
}

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
