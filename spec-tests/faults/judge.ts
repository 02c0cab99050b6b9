import process from 'node:process'
import { setImmediate as turn } from 'node:timers/promises'
import { expectedMessages, type Outcome, sentTexts } from './dialogue.ts'
import type { FaultKind } from './schedule.ts'

/** The causes after which whatever the proxy passed on is with the client: TCP loses nothing before a FIN, or in silence. */
const LOSES_NOTHING: ReadonlySet<FaultKind | undefined> = new Set([
  undefined,
  'end',
  'server-end',
  'half-open',
  'black-hole',
  'withheld-end',
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
function allowedCodes({ schedule, secure, phase }: Outcome): (string | undefined)[] {
  const kind = schedule.fault?.kind
  const late = phase === 'closing' ? [undefined] : []
  switch (kind) {
    case undefined:
    case 'withheld-end':
      return [undefined]
    case 'half-open':
    case 'black-hole':
      if (phase === 'opening') return ['WS_ERR_HANDSHAKE_TIMEOUT']
      return phase === 'open' ? ['WS_ERR_HEARTBEAT_TIMEOUT'] : ['WS_ERR_CLOSE_TIMEOUT', ...late]
    case 'garbage':
    case 'alert':
      if (!secure) return [...INVALID, ...late]
  }
  // TLS is a part of the connection to the host; after it, HTTP has begun.
  // A reset that comes with the connection may come before it is one, too.
  const mayNotConnect = secure || schedule.fault?.at === 0
  const early = mayNotConnect ? ['WS_ERR_CONNECT', 'WS_ERR_TLS', 'WS_ERR_CONNECTION_LOST'] : ['WS_ERR_CONNECTION_LOST']
  return phase === 'opening' ? early : ['WS_ERR_CONNECTION_LOST', ...late]
}

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
export function causeOf({ schedule, secure, phase, kind }: Outcome): string {
  return `${secure ? 'wss' : 'ws'} | ${kind} | ${schedule.fault?.kind ?? 'none'} | ${phase}`
}

/** Waits for sockets and timers of this process that are still active to go, a second at most; returns those that stay. */
export async function leftovers(): Promise<string[]> {
  const limit = performance.now() + 1000
  for (;;) {
    const active = process.getActiveResourcesInfo().filter(name => /^(TCP|TLS|Timeout)/.test(name))
    if (active.length === 0 || performance.now() > limit) return active
    await turn()
  }
}
