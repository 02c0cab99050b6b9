import type { ConnectionOwner } from '../protocol/owner.ts'

/** The owner that a connection and its heartbeat call: a session, or an object in front of one. */
export interface SessionFront extends ConnectionOwner {
  /** Whether reading is paused, as the user does not keep up with the messages. */
  readonly isPaused: boolean
  /** The heartbeat sends a ping. The payload is valid only during the call. */
  onBeat(payload: Uint8Array): void
}
