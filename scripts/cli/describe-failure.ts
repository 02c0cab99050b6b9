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
