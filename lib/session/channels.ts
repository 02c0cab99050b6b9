import { type DiagnosticsChannel, host } from '../host/host.ts'

/** The channels of `node:diagnostics_channel` that this package publishes to. `docs/diagnostics.md` has their messages. */
const OURS = ['created', 'request', 'handshake', 'open', 'frame', 'message', 'error', 'close'] as const
/** The channels of undici, for tools that listen to them. */
const UNDICI = ['open', 'close', 'socket_error', 'ping', 'pong'] as const

/** The beginning of each channel's name. */
const PREFIX = 'whatwg-websocket:'
const UNDICI_PREFIX = 'undici:websocket:'

const NOBODY: DiagnosticsChannel = { hasSubscribers: false, publish() {} }

/**
 * The channels of the process, by the last part of their names. Nobody listens to them until the first socket looks them up,
 * before anything happens; afterwards they stay the same.
 */
export const channels: Record<(typeof OURS)[number], DiagnosticsChannel> = nobodyListensTo(OURS)
export const undiciChannels: Record<(typeof UNDICI)[number], DiagnosticsChannel> = nobodyListensTo(UNDICI)

function nobodyListensTo<Name extends string>(names: readonly Name[]): Record<Name, DiagnosticsChannel> {
  return Object.fromEntries(names.map(name => [name, NOBODY])) as Record<Name, DiagnosticsChannel>
}

const all: DiagnosticsChannel[] = []

/** Whether anybody listens to any channel. */
export function isAnyoneListening(): boolean {
  if (all.length === 0) findChannels()
  // Not by a loop, which makes an object for each element until it is compiled (bench: connect and close).
  return all.some(channel => channel.hasSubscribers)
}

function findChannels(): void {
  const find = (name: string): DiagnosticsChannel => host.diagnosticsChannel?.(name) ?? NOBODY
  for (const name of OURS) all.push((channels[name] = find(PREFIX + name)))
  for (const name of UNDICI) all.push((undiciChannels[name] = find(UNDICI_PREFIX + name)))
}
