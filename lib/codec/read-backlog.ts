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
 * Keeps bytes that were not read, behind all others. Whoever takes them releases their buffer.
 *
 * @param wasHeld whether they are the rest of the first chunk, and are put back before all others; if they are in no read buffer,
 *   they are in memory of their own then. Others are the pipe's after the call
 */
export function hold(backlog: ReadBacklog, bytes: Uint8Array, buffer: ReadBuffer | undefined, wasHeld: boolean): void {
  const stays = buffer?.retain(bytes) ?? wasHeld
  const chunk = stays ? { bytes, buffer } : { bytes: new Uint8Array(bytes), buffer: undefined }
  if (wasHeld) backlog.unshift(chunk)
  else backlog.push(chunk)
}
