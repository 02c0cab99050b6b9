import { type ConnectionError, handshake, type WebSocket } from '#lib/entry/node.js'
import { printable } from './text.ts'

/** The library's messages name its options, which are others on the command line. */
const FLAGS: readonly (readonly [option: string, flag: string])[] = [
  ['as "tls.ca"', 'as --cacert FILE (-k trusts any)'],
  ['"tls.cert" and "tls.key"', '--cert and --key'],
  [': the URL, or "tls.servername", has to name one of them', ': the URL has to name one of them (-k trusts any)'],
  ['the option "http2"', '--http2'],
  ['"handshakeTimeout"', '--timeout'],
  ['"heartbeat.timeout"', '--ping'],
  ['"maxPayload"', '--max-payload'],
]

/** What to look at or to type, by the code of the failure or of the system's error below it. */
const ADVICE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Nothing listens at this address and port. Is the server running, and is the port right?',
  ENOTFOUND: 'No host has this name. Is it spelled right?',
  ENOENT: 'There is no such Unix socket. Is the server running?',
  WS_ERR_MESSAGE_TOO_BIG: '--max-payload SIZE allows longer messages.',
  WS_ERR_HANDSHAKE_TIMEOUT: '--timeout TIME waits longer.',
}

/**
 * Why a connection failed, in lines: the message with its code, the cause, what can be typed instead, and the response of a
 * server that refused.
 */
export function describeFailure(socket: WebSocket, error: ConnectionError): string[] {
  const message = FLAGS.reduce((text, [option, flag]) => text.replace(option, flag), error.message.trim())
  const lines = [`${printable(message)} (${error.code})`]
  const cause = error.cause instanceof Error ? describeCause(error.cause) : ''
  // What an error of TLS means is in the message.
  const isTold = error.message.includes(cause) || /\((ERR_TLS_|CERT_|[A-Z_]*SELF_SIGNED|UNABLE_)/.test(error.message)
  if (cause !== '' && !isTold) lines.push(`because: ${printable(cause)}`)
  const advice = ADVICE[error.code] ?? ADVICE[String((error.cause as { code?: unknown } | undefined)?.code)]
  if (advice !== undefined) lines.push(advice)
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
  if (cause instanceof AggregateError) return cause.errors.map(error => (error as Error).message).join(', ')
  const { reason } = cause as { reason?: unknown }
  return typeof reason === 'string' && reason !== '' ? reason : cause.message.trim()
}
