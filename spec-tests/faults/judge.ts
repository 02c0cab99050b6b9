import process from 'node:process'
import { setImmediate as turn } from 'node:timers/promises'
import { expectedMessages, type Outcome, sentTexts } from './dialogue.ts'
import type { FaultKind } from './fault-kinds.ts'
import { ways } from './way.ts'

/** The causes after which whatever the proxy passed on is with the client: TCP loses nothing before a FIN, or in silence. */
const LOSES_NOTHING: ReadonlySet<FaultKind | undefined> = new Set([
  undefined,
  'end',
  'server-end',
  'half-open',
  'black-hole',
  'withheld-end',
  'stream-end',
  'go-away',
])

/** What went against the contract, in words; empty if nothing did. */
export function deviations(outcome: Outcome): string[] {
  const { schedule, messages, acknowledged, cleanCode, code, peer } = outcome
  const found = [...outcome.faults]
  if (messages.some((message, index) => message !== expectedMessages[index])) {
    found.push(`the messages arrived as ${messages.join(', ')}`)
  }
  if (peer.received.some((text, index) => text !== sentTexts[index])) {
    found.push(`the server received ${peer.received.join(', ')}`)
  }
  if (peer.received.length < acknowledged) found.push('a pong came for what the server has not received')
  const passedOn = Math.min(peer.messages ?? 0, expectedMessages.length)
  if (LOSES_NOTHING.has(schedule.fault?.kind) && messages.length < passedOn) {
    found.push(`${messages.length} of ${passedOn} messages that arrived were delivered before the end`)
  }
  if (cleanCode !== undefined && peer.received.length < sentTexts.length) {
    found.push('a clean close, though the server lacks messages')
  }
  if ((cleanCode === undefined) === (code === undefined)) found.push(`the code ${code} does not fit the end`)
  if (!peer.left) found.push('the connection was still open 5 s after its end was told')
  const codes = allowedCodes(outcome)
  if (!codes.includes(code)) found.push(`the code is ${code ?? 'none'}, and not ${codes.join(' or ')}`)
  return found
}

/** One code for one cause. Undefined stands for a clean close: the fault came too late to matter. */
function allowedCodes({ schedule, way, phase, step, peer }: Outcome): (string | undefined)[] {
  const { secure, http2 } = ways[way]
  const kind = schedule.fault?.kind
  const late = phase === 'closing' ? [undefined] : []
  if (kind === undefined || kind === 'withheld-end' || peer.refused) return [undefined]
  if (kind === 'half-open' || kind === 'black-hole') {
    if (phase === 'opening') return ['WS_ERR_HANDSHAKE_TIMEOUT']
    return phase === 'open' ? ['WS_ERR_HEARTBEAT_TIMEOUT'] : ['WS_ERR_CLOSE_TIMEOUT', ...late]
  }
  const isInvalid = !secure && (kind === 'garbage' || kind === 'alert')
  // After a frame that breaks HTTP/2, node:http2 of Node.js 20 may stop reading without closing the connection: a time limit finds it.
  if (isInvalid && http2) return [...INVALID, 'WS_ERR_HTTP2', ...TIME_LIMITS, ...late]
  if (phase !== 'opening') {
    if (kind === 'go-away') return [undefined]
    return isInvalid ? [...INVALID, ...late] : ['WS_ERR_CONNECTION_LOST', ...late]
  }
  switch (step) {
    case 'proxy':
      // An HTTP proxy answers a request that was cut off. A byte that is none may stand where a SOCKS proxy has its refusal.
      return kind === 'server-end' || kind === 'garbage' ? ['WS_ERR_PROXY', 'WS_ERR_PROXY_REFUSED'] : ['WS_ERR_PROXY']
    case 'tls':
      return ['WS_ERR_TLS']
    case 'connect':
      // A reset that comes with the connection may come before it is one. So may the next attempt, for which there is no server.
      return ['WS_ERR_CONNECT']
    default:
      // Without the first frame of the server there is no HTTP/2.
      return [...(isInvalid ? INVALID : ['WS_ERR_CONNECTION_LOST']), ...(http2 ? ['WS_ERR_HTTP2'] : [])]
  }
}

const TIME_LIMITS = ['WS_ERR_HANDSHAKE_TIMEOUT', 'WS_ERR_HEARTBEAT_TIMEOUT', 'WS_ERR_CLOSE_TIMEOUT']

/** What the five bytes may be taken for: no HTTP, a frame that is none, or the rest of a frame that is cut off thereafter. */
const INVALID = [
  'WS_ERR_INVALID_RESPONSE',
  'WS_ERR_CONNECTION_LOST',
  'WS_ERR_RESERVED_BITS',
  'WS_ERR_INVALID_OPCODE',
  'WS_ERR_LONG_CONTROL',
  'WS_ERR_INVALID_CLOSE',
  'WS_ERR_INVALID_UTF8',
  'WS_ERR_INVALID_ACCEPT',
  'WS_ERR_MASKED_FRAME',
  'WS_ERR_UNEXPECTED_CONTINUATION',
  'WS_ERR_UNFINISHED_MESSAGE',
  'WS_ERR_FRAGMENTED_CONTROL',
  'WS_ERR_INVALID_LENGTH',
  'WS_ERR_MESSAGE_TOO_BIG',
]

/** A cause and its effect, for a table. */
export function causeOf({ schedule, way, phase, kind }: Outcome): string {
  return `${way} | ${kind} | ${schedule.fault?.kind ?? 'none'} | ${phase}`
}

/**
 * Waits for what keeps this process alive to go, a second at most; returns what stays.
 *
 * @param kinds of Node.js' names for resources
 */
export async function leftovers(kinds: RegExp): Promise<string[]> {
  const limit = performance.now() + 1000
  for (;;) {
    const active = process.getActiveResourcesInfo().filter(name => kinds.test(name))
    if (active.length === 0 || performance.now() > limit) return active
    await turn()
  }
}
