import type { Pieces } from '../codec/frame-reader.ts'
import type { AsyncContext } from '../host/async-context.ts'
import { createBlob } from '../idl/blob.ts'
import type { TaskTarget } from './task-queue.ts'

/**
 * The Blob of a message of more than 1 MiB is made in parts of that size, each of them in a task: the host copies bytes into a
 * Blob, which would stop the event loop for some 100 ms for 128 MiB at once.
 */
export const PART_SIZE: number = 1024 * 1024

/** A binary message that becomes a Blob, which has a part for each piece. The pieces are in one buffer or in many. */
export class LongMessage implements TaskTarget {
  readonly context: AsyncContext
  byteLength = 0
  readonly pieces: Pieces
  readonly #parts: object[] = []

  /** @param context of the socket */
  constructor(data: ArrayBuffer | Pieces, context: AsyncContext) {
    this.pieces = Array.isArray(data) ? data : cut(data)
    this.context = context
    for (const { length } of this.pieces) this.byteLength += length
  }

  /** Makes the next part of the Blob. */
  runTask(): void {
    this.#parts.push(createBlob([this.pieces[this.#parts.length]!]))
  }

  as(binaryType: 'blob' | 'arraybuffer'): object {
    // The parts may be incomplete: the host may have had no memory for one.
    if (binaryType === 'blob') return createBlob(this.#parts.length < this.pieces.length ? this.pieces : this.#parts)
    const { buffer } = this.pieces[0]!
    if (buffer.byteLength === this.byteLength) return buffer
    const bytes = new Uint8Array(this.byteLength)
    let end = 0
    for (const piece of this.pieces) {
      bytes.set(piece, end)
      end += piece.length
    }
    return bytes.buffer
  }
}

/** The pieces of a message in one buffer. */
function cut(data: ArrayBuffer): Pieces {
  const pieces: Pieces = []
  const bytes = new Uint8Array(data)
  for (let start = 0; start < bytes.length; start += PART_SIZE) pieces.push(bytes.subarray(start, start + PART_SIZE))
  return pieces
}
