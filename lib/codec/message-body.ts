import type { InflateParameters } from './compression.ts'
import type { FrameHandler, Pieces, ReadLimits } from './frame-handler.ts'
import type { FrameHeader } from './frame-header.ts'
import { MessageInflater, OVER_LIMIT } from './message-inflater.ts'
import { CONTINUATION, TEXT } from './opcodes.ts'
import type { Platform } from './platform.ts'
import { LEASED, NONE, ReassemblyBuffer, TEXT_BUFFER_SIZE } from './reassembly-buffer.ts'
import { BEYOND_HOST, POLICY_VIOLATION, tooBig, type Violation, violation } from './violations.ts'

/**
 * A binary frame of more than 128 KiB is read directly into the reassembly buffer. Shorter ones are copied there: one read
 * may bring several, which costs less than a read for each (bench: receive binary 64 KiB).
 */
const DIRECT_READ_MIN = 128 * 1024
/** A compressed message may have twice the limit and 4096 bytes more, before it is inflated. */
const COMPRESSED_SLACK = 4096

/**
 * The payload of a message that arrives in pieces, or compressed. It is reassembled, inflated and checked as it comes, so
 * that neither an announced length nor a decompression bomb takes memory that the limit does not allow.
 *
 * One object reads all messages of a connection, with `beginFrame` and any number of `append` for each frame, and `finish`
 * for each message.
 */
export class MessageBody {
  readonly #maxPayload: number
  readonly #maxFragments: number
  readonly #inflater: MessageInflater | undefined
  readonly #buffer: ReassemblyBuffer

  /** Frames of the message so far. */
  #fragments = 0
  /** Payload bytes of the current frame. */
  #frameLength = 0
  #isCompressed = false
  /** Payload bytes of the message so far, before inflating. */
  #received = 0
  /** Whether all of a compressed message was inflated. */
  #isInflated = false

  /** Whether the last `append` has spent the budget of its turn. */
  suspended = false

  constructor(platform: Platform, limits: ReadLimits, inflate: InflateParameters | undefined) {
    this.#maxPayload = limits.maxPayload || Number.POSITIVE_INFINITY
    this.#maxFragments = limits.maxFragments || Number.POSITIVE_INFINITY
    this.#buffer = new ReassemblyBuffer(platform, this.#maxPayload)
    if (inflate !== undefined) this.#inflater = new MessageInflater(platform, this.#maxPayload, inflate)
  }

  /** Checks a frame against the limits, before any memory is taken for its payload. */
  beginFrame({ opcode, length, compressed, final }: FrameHeader): Violation | undefined {
    if (opcode !== CONTINUATION) {
      this.#buffer.isText = opcode === TEXT
      this.#isCompressed = compressed
    }
    this.#frameLength = length
    const total = this.#received + length
    if (total > Number.MAX_SAFE_INTEGER) return BEYOND_HOST
    // DEFLATE may be longer than what it inflates to, but not by that much.
    const limit = this.#isCompressed ? this.#maxPayload * 2 + COMPRESSED_SLACK : this.#maxPayload
    if (total > limit) return tooBig(this.#maxPayload)
    if (final && !this.#isCompressed) this.#buffer.total = total
    if (++this.#fragments <= this.#maxFragments) return undefined
    const message = `a message exceeds ${this.#maxFragments} fragments ("maxFragments")`
    return violation(POLICY_VIOLATION, 'WS_ERR_TOO_MANY_FRAGMENTS', message)
  }

  /** Allows more to be inflated: a new turn of the event loop has begun. */
  renewBudget(): void {
    this.#inflater?.renewBudget()
  }

  /**
   * Adds `chunk[start, end)`, or of compressed bytes as many as the budget of this turn allows. If `suspended` is true
   * afterwards, the rest must be passed again in a later turn.
   *
   * @param remaining bytes of the frame's payload from `start` on, including those that have not arrived
   * @param final whether it is the last frame of the message
   * @returns how many bytes were used, or why the message is refused
   */
  append(chunk: Uint8Array, start: number, end: number, remaining: number, final: boolean): number | Violation {
    const buffer = this.#buffer
    let consumed: number | Violation = end - start
    const isEnd = final && remaining === end - start
    if (this.#isCompressed) {
      const inflater = this.#inflater!
      consumed = this.#checkLength(inflater.inflate(buffer, chunk, start, end, isEnd))
      this.suspended = inflater.suspended
      if (typeof consumed !== 'number') return consumed
    } else {
      if (buffer.isText && buffer.memory === NONE && remaining <= TEXT_BUFFER_SIZE) buffer.leaseTextBuffer()
      const problem = buffer.append(chunk, start, end, remaining)
      if (problem !== undefined) return problem
    }
    this.#received += consumed
    // The end of a text is checked as it is decoded.
    const problem = buffer.isText && (!isEnd || this.suspended) ? buffer.checkText() : undefined
    return problem ?? consumed
  }

  /**
   * The part of the reassembly buffer that the next bytes of a long frame should be read to; undefined if they should be
   * copied.
   *
   * @param remaining bytes of the frame's payload that have not arrived
   */
  readTarget(remaining: number): Uint8Array | undefined {
    const buffer = this.#buffer
    if (remaining === 0) return undefined
    // A pipe may still fill its read target after the message was given up, when leased memory is another message's.
    if (buffer.memory === LEASED || !this.isLongFrame) return undefined
    // The end of a long message is read alone, so that the next long one can be read directly from its first byte on.
    const problem = buffer.reserve(Math.min(DIRECT_READ_MIN, remaining), buffer.wanted(remaining))
    if (problem !== undefined) return undefined
    // A read that fills its target is followed by up to 31 more in the same turn, which must not be too much in all. A target
    // for the rest of the message is not filled.
    const most = buffer.end === buffer.length ? remaining : Math.min(remaining, DIRECT_READ_MIN)
    return buffer.bytes.subarray(buffer.end, buffer.end + most)
  }

  /** Payload bytes of the message so far, inflated. */
  get length(): number {
    return this.#buffer.length
  }

  /** Whether the frame is worth reads of its own, however long its message is. Another such frame is likely to follow. */
  get isLongFrame(): boolean {
    return this.#frameLength > (this.#buffer.isText ? TEXT_BUFFER_SIZE : DIRECT_READ_MIN) && !this.#isCompressed
  }

  /**
   * Ends the message. Returns it, or why it is refused, and is ready for the next one.
   *
   * @returns undefined if that is too much work for this turn: to be called again in a later one
   */
  finish(handler: FrameHandler): string | ArrayBuffer | Pieces | Violation | undefined {
    const buffer = this.#buffer
    // A compressed message without a byte of payload is an empty message, as Mojolicious 9 sends it, although an empty
    // message has a byte by RFC 7692 section 7.2.3.6. The inflater is left alone: where no block has begun, the tail would
    // spoil the next message.
    if (this.#isCompressed && !this.#isInflated && this.#received > 0) {
      const result = this.#checkLength(this.#inflater!.finish(buffer))
      if (typeof result !== 'number') return result
      this.#isInflated = true
    }
    const message = buffer.take(handler)
    if (message !== undefined) this.#clear()
    return message
  }

  /** Gives up the message, and releases all memory. */
  release(): void {
    this.#clear()
    this.#inflater?.close()
  }

  #clear(): void {
    this.#buffer.clear()
    this.#fragments = 0
    this.#received = 0
    this.#isInflated = false
  }

  /** Turns OVER_LIMIT into the violation that is reported. */
  #checkLength(result: number | Violation): number | Violation {
    if (result !== OVER_LIMIT) return result
    // Text that is ill-formed before it is too long is refused for that, however much of it was inflated at once.
    return (this.#buffer.isText ? this.#buffer.checkText() : undefined) ?? tooBig(this.#maxPayload)
  }
}
