import { Fifo } from './fifo.ts'
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
export class ReadBacklog extends Fifo<BacklogChunk> {
  /** Adds bytes that have arrived, which are the pipe's after the call. */
  add(bytes: Uint8Array, buffer: ReadBuffer | undefined): void {
    this.push(chunkOf(bytes, buffer, false))
  }

  /** Puts back the part of the first chunk that was not read. Whoever takes a chunk releases its buffer. */
  putBack(bytes: Uint8Array, buffer: ReadBuffer | undefined): void {
    this.unshift(chunkOf(bytes, buffer, true))
  }

  /** Drops all of it. */
  clear(): void {
    for (const { buffer } of this.takeAll()) buffer?.release()
  }
}

/** @param isOwn whether bytes that are in no read buffer are in memory of their own */
function chunkOf(bytes: Uint8Array, buffer: ReadBuffer | undefined, isOwn: boolean): BacklogChunk {
  return (buffer?.retain(bytes) ?? isOwn) ? { bytes, buffer } : { bytes: new Uint8Array(bytes), buffer: undefined }
}
