import type { ReadBuffer } from './read-buffer.ts'

/** Bytes that wait to be read. */
export interface BacklogChunk {
  readonly bytes: Uint8Array
  /** The read buffer that they are in, to be released once they are read; undefined if they are in memory of their own. */
  readonly buffer: ReadBuffer | undefined
}

export const EMPTY_CHUNK: BacklogChunk = { bytes: new Uint8Array(0), buffer: undefined }

/**
 * The bytes that arrive while a reader is paused, in order.
 *
 * They stay in the read buffer that they were read to if they are enough to retain it for. Otherwise they are copied, since
 * the pipe uses its own memory again.
 */
export type ReadBacklog = BacklogChunk[]

/**
 * Adds bytes that were not read to the end of the backlog. The reader that takes them releases their buffer.
 *
 * @param wasHeld whether the bytes are the rest of the first chunk. They are then put back at the front, and in no read buffer they
 *   are in memory of their own. Without it, bytes in no read buffer are borrowed from the pipe, and copied
 */
export function hold(backlog: ReadBacklog, bytes: Uint8Array, buffer: ReadBuffer | undefined, wasHeld: boolean): void {
  const stays = buffer?.retain(bytes) ?? wasHeld
  const chunk = stays ? { bytes, buffer } : { bytes: new Uint8Array(bytes), buffer: undefined }
  if (wasHeld) backlog.unshift(chunk)
  else backlog.push(chunk)
}
