import type { CallerField } from '../opening/options/headers.ts'
import type { Reader } from '../opening/options/reading.ts'

/** Differences between React Native's WebSocket and that of browsers. */
interface Profile {
  /** The host, for error messages. */
  name: string
  /** Reads the option `headers`. Undefined where the host's constructor takes no header fields. */
  readHeaders: Reader<CallerField[]> | undefined
}

/**
 * The host of this program. Shared by all sockets, as the host's classes are; the entry of React Native changes it while it is
 * loaded, before any socket is made.
 */
export const profile: Profile = { name: 'a browser', readHeaders: undefined }
