import type { ReadBuffer } from './read-buffer.ts'

/** What came while reading was held up. */
export interface Held {
  readonly bytes: Uint8Array
  /** Where they stand, if that is to be released once they are read. */
  readonly memory: ReadBuffer | undefined
}

/** In place of what there is not. */
export const NOTHING_HELD: Held = { bytes: new Uint8Array(0), memory: undefined }

/**
 * Bytes that cannot be read yet, in order. They stay where they stand if that is a copy already, or memory of ours and much
 * of it.
 */
export class HeldBytes {
  #waiting: Held[] = []

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  /** The first of them, whose memory is the caller's to release. */
  take(): Held | undefined {
    return this.#waiting.shift()
  }

  /** Adds what has come, which the pipe wants back after the call. */
  add(bytes: Uint8Array, memory: ReadBuffer | undefined): void {
    const kept = memory?.keep(bytes) === true
    this.#waiting.push(kept ? { bytes, memory } : { bytes: new Uint8Array(bytes), memory: undefined })
  }

  /** Puts back what is left of the first. */
  putBack(bytes: Uint8Array, memory: ReadBuffer | undefined): void {
    const mayStay = memory === undefined || memory.keep(bytes)
    this.#waiting.unshift(mayStay ? { bytes, memory } : { bytes: new Uint8Array(bytes), memory: undefined })
  }

  drop(): void {
    for (const { memory } of this.#waiting) memory?.release()
    this.#waiting = []
  }
}
