import type { ConnectionOwner } from '../protocol/owner.ts'

/** What a connection and its heartbeat call: a session, or what stands in front of it. */
export interface SessionFront extends ConnectionOwner {
  /** Whether reading is paused, as the user does not keep up with the messages. */
  readonly isPaused: boolean
  /** The heartbeat sends a ping. The payload is valid only during the call. */
  onBeat(payload: Uint8Array): void
}
