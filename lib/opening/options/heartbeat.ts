import { invalid, milliseconds, type Readers, readMembers } from './reading.ts'

/** Detection of a server that has vanished. */
export interface Options {
  /** Pings at an interval; false sends none. Default: false. */
  readonly heartbeat?: HeartbeatOptions | false
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
}

export const readers: Readers<Settings> = { heartbeat: readHeartbeat }

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
