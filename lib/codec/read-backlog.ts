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
export class ReadBacklog {
  #chunks: BacklogChunk[] = []

  get isEmpty(): boolean {
    return this.#chunks.length === 0
  }

  /** Removes the first chunk. The caller releases its buffer. */
  shift(): BacklogChunk | undefined {
    return this.#chunks.shift()
  }

  /** Adds bytes that have arrived, which are the pipe's after the call. */
  push(bytes: Uint8Array, buffer: ReadBuffer | undefined): void {
    const retained = buffer?.retain(bytes) === true
    this.#chunks.push(retained ? { bytes, buffer } : copyOf(bytes))
  }

  /** Puts back the part of the first chunk that was not read. */
  unshift(bytes: Uint8Array, buffer: ReadBuffer | undefined): void {
    const mustCopy = buffer?.retain(bytes) === false
    this.#chunks.unshift(mustCopy ? copyOf(bytes) : { bytes, buffer })
  }

  clear(): void {
    for (const { buffer } of this.#chunks) buffer?.release()
    this.#chunks = []
  }
}

function copyOf(bytes: Uint8Array): BacklogChunk {
  return { bytes: new Uint8Array(bytes), buffer: undefined }
}
