import { type Readers, readBoolean } from './reading.ts'

/** The connection queue. */
export interface Options {
  /**
   * Connects at once, without waiting for other connections to the same host and port to open, and without letting others wait.
   * Default: false; RFC 6455 section 4.1 has a client open one at a time.
   */
  readonly connectInParallel?: boolean
}

export type Settings = Required<Options>

export const readers: Readers<Settings> = { connectInParallel: readBoolean }
