import { CORRUPT, type InflateParameters, type Inflater, TOO_LONG } from './compression.ts'
import type { Platform } from './platform.ts'
import { canBecomeCharacter, wholeCharactersEnd } from './utf8.ts'
import { INVALID_PAYLOAD, MESSAGE_TOO_BIG, type Violation } from './violations.ts'

/** Memory for a long message is taken in steps of at least this many bytes, as its bytes arrive. */
const GROWTH_STEP = 1024 * 1024
/** So many times what has arrived is taken for a message that was announced to be so long: each step copies all of it. */
const GROWTH = 4
/**
 * A longer binary message, in bytes, is read to where it belongs. Of shorter ones several may come in one read, and to copy
 * them from there costs less than a read of its own for each (bench: receive binary 64 KiB).
 */
const LONG = 128 * 1024
/** What a compressed message gets at first, in bytes. */
const FIRST_STEP = 4096

const EMPTY = new Uint8Array(0)
/**
 * A compressed message that is wholly here is inflated into this, and only its result gets memory of its own (bench:
 * compressed receive json 64 KiB).
 */
const scratch = new Uint8Array(128 * 1024)
/**
 * Text is put together in memory of this size while it suffices, which is lent to a few messages at a time: a string keeps
 * none of it, and to touch fresh memory costs more than to copy (bench: receive text 64 KiB, and in fragments).
 */
const LENT_SIZE = 256 * 1024
const MAX_LENT = 8
const lendable: Uint8Array<ArrayBuffer>[] = []
let everLent = 0
/** So much is inflated at a time, in bytes; then the event loop goes on (bench: compression). */
const TURN = 512 * 1024
/**
 * What a sender leaves out at the end of a compressed message (RFC 7692 section 7.2.2), and one more empty stored block:
 * where a block may begin, they leave no trace; within a block, they mostly bring output, or an error.
 */
const TAIL = new Uint8Array([0, 0, 0xff, 0xff, 0, 0, 0, 0xff, 0xff])

const NOT_UTF8: Violation = {
  closeCode: INVALID_PAYLOAD,
  code: 'WS_ERR_INVALID_UTF8',
  message: 'a text message is not well-formed UTF-8',
}
const NOT_DEFLATE: Violation = {
  closeCode: INVALID_PAYLOAD,
  code: 'WS_ERR_INVALID_COMPRESSION',
  message: 'a compressed message is not DEFLATE',
}
function tooBig(maxPayload: number): Violation {
  return {
    closeCode: MESSAGE_TOO_BIG,
    code: 'WS_ERR_MESSAGE_TOO_BIG',
    message: `a message exceeds ${maxPayload} bytes`,
  }
}
const BEYOND_HOST: Violation = {
  closeCode: MESSAGE_TOO_BIG,
  code: 'WS_ERR_MESSAGE_TOO_BIG',
  message: 'a message is larger than this host can hold',
}

/**
 * The payload of a message that arrives in pieces: put together in its final buffer, inflated and checked as it comes,
 * so that neither an announced length nor a bomb takes memory that the limit does not allow.
 */
export class MessageBody {
  readonly #platform: Platform
  readonly #maxPayload: number
  readonly #inflater: Inflater | undefined
  readonly #resetAfterMessage: boolean
  /** As much of `scratch` as the limit allows, and a byte more. */
  readonly #scratch: Uint8Array<ArrayBuffer> = scratch

  #isText = false
  #isCompressed = false
  #bytes: Uint8Array<ArrayBuffer> = EMPTY
  #isLent = false
  #length = 0
  /** Up to here the text is known to be well-formed. */
  #validated = 0
  /** Bytes of payload so far, as they came. */
  #received = 0
  /** How much may be inflated until `renew`. */
  #allowance = TURN

  /** Of the last call of `append`: how much of its input was used, and whether it has to be called again for the rest. */
  taken = 0
  busy = false

  /** @param maxPayload Infinity for none */
  constructor(platform: Platform, maxPayload: number, inflate: InflateParameters | undefined) {
    this.#platform = platform
    this.#maxPayload = maxPayload
    if (inflate !== undefined) {
      this.#inflater = platform.compression!.createInflater(inflate.serverMaxWindowBits, maxPayload)
      if (maxPayload < scratch.length) this.#scratch = scratch.subarray(0, maxPayload + 1)
    }
    this.#resetAfterMessage = inflate?.serverNoContextTakeover === true
  }

  begin(isText: boolean, isCompressed: boolean): void {
    this.#isText = isText
    this.#isCompressed = isCompressed
  }

  /** Judges the length of a frame before any memory is taken for it. */
  announce(length: number): Violation | undefined {
    const total = this.#received + length
    if (total > Number.MAX_SAFE_INTEGER) return BEYOND_HOST
    // What is compressed may be longer than what comes of it, but not by that much.
    const limit = this.#isCompressed ? this.#maxPayload * 2 + FIRST_STEP : this.#maxPayload
    return total > limit ? tooBig(this.#maxPayload) : undefined
  }

  /** Lets more be inflated: a new turn of the event loop has begun. */
  renew(): void {
    this.#allowance = TURN
  }

  /**
   * Adds `chunk[start, end)`, or of compressed bytes as many as are inflated in one turn.
   *
   * @param announced how much of the frame is still to come, these bytes included
   * @param final whether it is the last frame
   */
  append(chunk: Uint8Array, start: number, end: number, announced: number, final: boolean): Violation | undefined {
    this.taken = end - start
    const whole = final && announced === end - start
    if (this.#isCompressed) {
      if (whole && this.#length === 0) this.#bytes = this.#scratch
      const violation = this.#inflate(chunk, start, end, false)
      if (violation !== undefined) return violation
      // What others use meanwhile is left.
      if (this.busy && this.#bytes === this.#scratch) this.#bytes = scratch.slice(0, this.#length)
    } else {
      const total = this.#length + announced
      if (this.#isText && this.#bytes === EMPTY && total <= LENT_SIZE) this.#borrow()
      if (!this.#makeRoom(end - start, final ? total : Math.max(total, this.#bytes.length * 2))) return BEYOND_HOST
      // What was read to where `room` said is there already.
      const inPlace = chunk.buffer === this.#bytes.buffer && chunk.byteOffset + start === this.#length
      if (!inPlace) this.#bytes.set(chunk.subarray(start, end), this.#length)
      this.#length += end - start
    }
    this.#received += this.taken
    // The end of a message is checked as it is decoded.
    return this.#isText && (!whole || this.busy) ? this.#validate() : undefined
  }

  /** Where the next bytes of a frame belong, if they are to be read to there: `remaining` of them are to come. */
  room(remaining: number): Uint8Array | undefined {
    // A pipe may still fill its room when the message is given up, and another one has the lent memory then.
    if (this.#isLent || !this.#isWorthARead(Math.max(remaining, this.#length))) return undefined
    // The end of a long message is read by itself, so that the next one can be read to where it belongs from its start.
    const least = Math.min(LONG, remaining)
    if (!this.#makeRoom(least, this.#length + remaining)) return undefined
    return this.#bytes.subarray(this.#length, Math.min(this.#bytes.length, this.#length + remaining))
  }

  /** What has come is long, and another such message may follow. */
  get isLong(): boolean {
    return this.#isWorthARead(this.#length)
  }

  /** The whole message, and a fresh start for the next one. */
  finish(): string | ArrayBuffer | Violation {
    // A compressed message without a byte of payload is an empty message, as Mojolicious 9 sends it, although an empty
    // message has a byte by RFC 7692 section 7.2.3.6. The inflater is left alone: where no block has begun, the tail would
    // spoil the next message.
    if (this.#isCompressed && this.#received > 0) {
      const violation = this.#inflate(TAIL, 0, TAIL.length, true)
      if (violation !== undefined) return violation
      if (this.#resetAfterMessage) this.#inflater!.reset()
    }
    const bytes = this.#bytes
    const length = this.#length
    const mayKeep = length === bytes.length && bytes !== this.#scratch && bytes !== EMPTY
    const message = this.#isText
      ? decodeText(this.#platform, bytes, 0, length)
      : mayKeep
        ? bytes.buffer
        : bytes.buffer.slice(0, length)
    this.#clear()
    return message
  }

  /** Lets all memory go. */
  release(): void {
    this.#clear()
    this.#inflater?.close()
  }

  #clear(): void {
    this.#giveBack()
    this.#bytes = EMPTY
    this.#length = 0
    this.#validated = 0
    this.#received = 0
  }

  /** Whether so much of a message is worth a read of its own. */
  #isWorthARead(length: number): boolean {
    return length > (this.#isText ? LENT_SIZE : LONG) && !this.#isCompressed
  }

  #borrow(): void {
    let bytes = lendable.pop()
    if (bytes === undefined) {
      if (everLent === MAX_LENT) return
      bytes = this.#platform.allocate(LENT_SIZE)
      everLent++
    }
    this.#bytes = bytes
    this.#isLent = true
  }

  #giveBack(): void {
    if (!this.#isLent) return
    this.#isLent = false
    lendable.push(this.#bytes)
  }

  /** Inflates input to the end of the body, as much as is allowed at a time, and not a byte beyond the limit. */
  #inflate(input: Uint8Array, start: number, end: number, last: boolean): Violation | undefined {
    const inflater = this.#inflater!
    let position = start
    /** The inflater was reset, and has taken nothing since. */
    let fresh = false
    // The memory for small messages is always used whole, without a view of it.
    let output = this.#bytes === this.#scratch ? this.#scratch : this.#room()
    this.busy = false
    for (;;) {
      if (this.#allowance <= 0 && !last) {
        this.busy = true
        this.taken = position - start
        return undefined
      }
      if (this.#length === output.length) {
        const wanted = Math.max(FIRST_STEP, (end - start) * 4, this.#length * 2)
        // One byte more than may be: if it is used, there was too much.
        if (!this.#makeRoom(1, Math.min(wanted, this.#maxPayload + 1))) return BEYOND_HOST
        output = this.#room()
      }
      const result = inflater.inflate(input, position, end, last, output, this.#length)
      if (result === CORRUPT) return NOT_DEFLATE
      position += inflater.consumed
      this.#length += inflater.produced
      this.#allowance -= inflater.produced
      if (inflater.consumed > 0) fresh = false
      if (result === TOO_LONG || this.#length > this.#maxPayload) return this.#refuseLength()
      if (this.#length === output.length) continue
      if (position === end) return undefined

      // RFC 7692 section 7.2.3.4: a block with BFINAL set has ended the stream, and another one follows; or only what the
      // sender left out, which no stream needs then.
      if (fresh) return NOT_DEFLATE
      inflater.reset()
      fresh = true
      if (last && position === start) return undefined
    }
  }

  /** The body's memory, as much of it as may be filled in this turn. */
  #room(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length + Math.max(this.#allowance, scratch.length))
  }

  /** Text that is ill-formed before it is too long is that first, however much of it was inflated at once. */
  #refuseLength(): Violation {
    const limit = Math.min(this.#length, this.#maxPayload + 1)
    return (this.#isText ? this.#validate(limit) : undefined) ?? tooBig(this.#maxPayload)
  }

  /** Makes room for bytes that have arrived; for what was only announced it takes one step at a time. */
  #makeRoom(incoming: number, wanted: number): boolean {
    const needed = this.#length + incoming
    const capacity = this.#bytes.length
    if (needed <= capacity) return true
    let bytes: Uint8Array<ArrayBuffer>
    try {
      // All of it is written before anybody sees it.
      bytes = this.#platform.allocate(Math.max(needed, Math.min(wanted, Math.max(capacity * GROWTH, GROWTH_STEP))))
    } catch {
      return false
    }
    bytes.set(this.#bytes.subarray(0, this.#length))
    this.#giveBack()
    this.#bytes = bytes
    return true
  }

  /** Checks the text as it arrives (RFC 6455 section 8.1), a character cut at the end as far as it is here. */
  #validate(end = this.#length): Violation | undefined {
    const bytes = this.#bytes
    const whole = wholeCharactersEnd(bytes, this.#validated, end)
    if (!this.#platform.isUtf8(bytes, this.#validated, whole) || !canBecomeCharacter(bytes, whole, end)) return NOT_UTF8
    this.#validated = whole
    return undefined
  }
}

/** A text message as a string; also for one that is wholly in a chunk. */
export function decodeText(platform: Platform, bytes: Uint8Array, start: number, end: number): string | Violation {
  try {
    return platform.decodeUtf8(bytes, start, end) ?? NOT_UTF8
  } catch {
    return BEYOND_HOST
  }
}
