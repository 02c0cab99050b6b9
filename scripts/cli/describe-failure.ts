import { type ConnectionError, handshake, type WebSocket } from '#lib/entry/node.js'
import { printable } from './text.ts'

/** The library's messages name its options, which are others on the command line. */
const FLAGS: readonly (readonly [option: string, flag: string])[] = [
  ['as "tls.ca"', 'as --cacert FILE (-k trusts any)'],
  ['"tls.cert" and "tls.key"', '--cert and --key'],
  ['the option "http2"', '--http2'],
]

/**
 * Why a connection failed, in lines: the message with its code, the cause, what can be typed instead, and the response of a
 * server that refused.
 */
export function describeFailure(socket: WebSocket, error: ConnectionError): string[] {
  const message = FLAGS.reduce((text, [option, flag]) => text.replace(option, flag), error.message.trim())
  const lines = [`${printable(message)} (${error.code})`]
  const cause = error.cause instanceof Error ? describeCause(error.cause) : ''
  if (cause !== '' && !error.message.includes(cause)) lines.push(`because: ${printable(cause)}`)
  const response = handshake(socket)
  if (response === undefined || response.status === 101) return lines
  if (response.status === 401) lines.push("-u NAME:PASS or -H 'Authorization: …' tells the server who you are.")
  for (const [name, value] of response.headers) lines.push(`  ${printable(`${name}: ${value}`)}`)
  const body = new TextDecoder().decode(response.body).trimEnd()
  if (body !== '') lines.push('', ...printable(body).split('\n'))
  return lines
}

/** Node.js joins the errors of several addresses to an AggregateError without a message. An error of OpenSSL has its words apart. */
function describeCause(cause: Error): string {
  if (cause instanceof AggregateError) return cause.errors.map(error => (error as Error).message).join('; ')
  const { reason } = cause as { reason?: unknown }
  return typeof reason === 'string' && reason !== '' ? reason : cause.message.trim()
}
