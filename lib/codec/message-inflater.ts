import { CORRUPT, type InflateParameters, type Inflater, TOO_LONG } from './compression.ts'
import type { Platform } from './platform.ts'
import { OWN, type ReassemblyBuffer, SCRATCH } from './reassembly-buffer.ts'
import { NOT_DEFLATE, type Violation } from './violations.ts'

/** The first allocation for a compressed message, in bytes. */
const FIRST_STEP = 4096
/** A connection inflates at most 512 KiB in one turn of the event loop (bench: compression). */
const TURN = 512 * 1024
/**
 * The end of a compressed message: the four bytes that a sender leaves out (RFC 7692 section 7.2.2), and one more empty
 * stored block. At the end of a block they leave no trace. Within a block they bring output, mostly, or an error.
 */
const TAIL = new Uint8Array([0, 0, 0xff, 0xff, 0, 0, 0, 0xff, 0xff])

/**
 * 128 KiB of scratch memory, for compressed messages that lie wholly in one chunk: only the result gets memory of its own
 * (bench: compressed receive json 64 KiB). Shared by all connections of the process, since each uses it within one call, in
 * which no foreign code runs.
 */
const scratch = new Uint8Array(128 * 1024)

/** The result of inflating more than the user's limit. */
export const OVER_LIMIT = -1

/** Inflates the compressed messages of a connection (RFC 7692 section 7.2.2), one after the other. */
export class MessageInflater {
  readonly #inflater: Inflater
  readonly #maxPayload: number
  readonly #resetAfterMessage: boolean
  /** The part of `scratch` that the limit allows, and one byte more to find out that there is too much. */
  readonly #scratch: Uint8Array<ArrayBuffer>
  /** How many bytes may be inflated until `renewBudget`. */
  #budget = TURN

  /** Whether the budget was spent before all of the last input was inflated. The rest must be passed again, in a later turn. */
  suspended = false

  constructor(platform: Platform, maxPayload: number, parameters: InflateParameters) {
    this.#inflater = platform.compression!.createInflater(parameters.serverMaxWindowBits, maxPayload)
    this.#maxPayload = maxPayload
    this.#resetAfterMessage = parameters.serverNoContextTakeover
    this.#scratch = scratch.subarray(0, maxPayload + 1)
  }

  /** A new turn of the event loop has begun. */
  renewBudget(): void {
    this.#budget = TURN
  }

  /**
   * Inflates `input[start, end)`, or as much as the budget allows.
   *
   * @param isWhole whether the input is all of the message
   * @returns how many bytes of input were used; OVER_LIMIT as soon as the message is too long, with what was inflated until
   * then in `target`
   */
  inflate(
    target: ReassemblyBuffer,
    input: Uint8Array,
    start: number,
    end: number,
    isWhole: boolean,
  ): number | Violation {
    if (isWhole && target.length === 0) target.use(this.#scratch, SCRATCH)
    const consumed = this.#inflate(target, input, start, end, false)
    // Before the next turn, other connections use the scratch memory.
    if (this.suspended && target.memory === SCRATCH) target.use(target.bytes.slice(0, target.end), OWN)
    return consumed
  }

  /** Inflates what the sender has left out at the end of a message. Returns the same. */
  finish(target: ReassemblyBuffer): number | Violation {
    const consumed = this.#inflate(target, TAIL, 0, TAIL.length, true)
    if (this.#resetAfterMessage) this.#inflater.reset()
    return consumed
  }

  close(): void {
    this.#inflater.close()
  }

  #inflate(target: ReassemblyBuffer, input: Uint8Array, start: number, end: number, last: boolean): number | Violation {
    const inflater = this.#inflater
    let position = start
    /** The inflater was reset, and has used no input since. */
    let isFresh = false
    let output = this.#outputOf(target)
    this.suspended = false
    for (;;) {
      if (this.#budget <= 0 && !last) {
        this.suspended = true
        return position - start
      }
      // 1. Memory for more output.
      if (target.end === output.length) {
        // At most one byte more than the limit allows: if it is used, there is too much.
        const problem = target.reserve(1, Math.max(FIRST_STEP, (end - start) * 4, target.length * 2))
        if (problem !== undefined) return problem
        output = this.#outputOf(target)
      }
      // 2. As much as the input and the memory allow.
      const result = inflater.inflate(input, position, end, last, output, target.end)
      if (result === CORRUPT) return NOT_DEFLATE
      position += inflater.consumed
      target.end += inflater.produced
      this.#budget -= inflater.produced
      if (inflater.consumed > 0) isFresh = false
      if (result === TOO_LONG || target.length > this.#maxPayload) return OVER_LIMIT
      if (target.end === output.length) continue
      if (position === end) return position - start

      // 3. Input is left, so a block with BFINAL set has ended the stream (RFC 7692 section 7.2.3.4). Another stream follows,
      // or only what the sender left out, which no stream needs then.
      if (isFresh) return NOT_DEFLATE
      inflater.reset()
      isFresh = true
      if (last && position === start) return 0
    }
  }

  /** The memory of `target`, as much of it as this turn may fill. */
  #outputOf(target: ReassemblyBuffer): Uint8Array<ArrayBuffer> {
    // Scratch memory is filled whole, so that a small message costs no view of it.
    if (target.memory === SCRATCH) return target.bytes
    return target.bytes.subarray(0, target.end + Math.max(this.#budget, scratch.length))
  }
}
