import { KEEP_ALIVE } from '../../transport/connect.ts'
import { invalid, milliseconds, type Readers, readMembers } from './reading.ts'

/** Detection of a server that has vanished. */
export interface Options {
  /** Pings at an interval; false sends none. Default: false. */
  readonly heartbeat?: HeartbeatOptions | false
  /**
   * Milliseconds after which the system probes an idle TCP connection, rounded up to seconds; false for never. Default: 45,000.
   */
  readonly keepAlive?: number | false
}

/** Pings at an interval, to notice a server that has vanished. */
export interface HeartbeatOptions {
  /** Milliseconds between pings. */
  readonly interval: number
  /** Milliseconds after a ping in which a byte has to arrive, or the connection is given up. Default: the interval. */
  readonly timeout?: number
}

export interface Settings {
  readonly heartbeat: Required<HeartbeatOptions> | undefined
  /** Milliseconds, a multiple of 1000; 0 for no probes. */
  readonly keepAlive: number
}

export const readers: Readers<Settings> = { heartbeat: readHeartbeat, keepAlive: readKeepAlive }

const members: Readers<Required<HeartbeatOptions>> = {
  interval: milliseconds({ lowest: 1 }),
  timeout: milliseconds({ fallback: 0 }),
}

function readHeartbeat(value: unknown, name: string): Required<HeartbeatOptions> | undefined {
  if (value === undefined || value === false) return undefined
  if (typeof value !== 'object' || value === null) return invalid(name, 'false or an object')
  const { interval, timeout } = readMembers(value, name, members)
  return { interval, timeout: timeout || interval }
}

/** Seconds that Linux takes at most. Systems ignore a value beyond their limit. */
const MAX_KEEP_ALIVE = 32_767

function readKeepAlive(value: unknown, name: string): number {
  if (value === undefined) return KEEP_ALIVE
  if (value === false) return 0
  const seconds = Number.isInteger(value) ? Math.ceil((value as number) / 1000) : 0
  if (seconds < 1 || seconds > MAX_KEEP_ALIVE)
    return invalid(name, `false or an integer from 1 to ${MAX_KEEP_ALIVE * 1000}`)
  return seconds * 1000
}
