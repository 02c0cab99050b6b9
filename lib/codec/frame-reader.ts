import type { InflateParameters } from './compression.ts'
import { ControlFrames } from './control-frames.ts'
import type { FrameHandler, Pieces, ReadLimits } from './frame-handler.ts'
import { FrameHeader, readUint32 } from './frame-header.ts'
import { copy, takeBatch } from './message-batch.ts'
import { MessageBody } from './message-body.ts'
import { CLOSE, CONTINUATION, LENGTH_16, LENGTH_64, MAX_SERVER_HEADER, WHOLE_BINARY, WHOLE_TEXT } from './opcodes.ts'
import type { Platform } from './platform.ts'
import { type BacklogChunk, EMPTY_CHUNK, hold, type ReadBacklog } from './read-backlog.ts'
import { ReadBufferLease } from './read-buffer.ts'
import { decodeText } from './utf8.ts'
import { isViolation, POLICY_VIOLATION, type Violation } from './violations.ts'

export type { FrameHandler, Pieces, ReadLimits }

/** Stands for a payload length that the fast path does not handle. No chunk is that long, so the frame takes the general path. */
const NOT_IN_CHUNK = 0x3fffffff

/** Parser state between chunks: which part of the current frame is incomplete. */
const BETWEEN_FRAMES = 0
const IN_HEADER = 1
const IN_DATA = 2
const IN_CONTROL = 3
/** The last frame was read, or the connection has ended. */
const STOPPED = 4

/**
 * Frames in one turn, of those that are read one by one: they may take 2 ms. One read may bring 100,000 of them, and libuv reads up
 * to 32 times in a turn.
 */
const MAX_FRAMES = 4096

/**
 * Reads server frames (RFC 6455 section 5.2) from chunks that may be cut anywhere, and hands messages and control frames to
 * its handler. A violation by the server is reported to the handler, never thrown.
 */
export class FrameReader {
  readonly #platform: Platform
  readonly #handler: FrameHandler
  readonly #lease: ReadBufferLease
  readonly #limits: ReadLimits
  /** `limits.maxPayload`, with Infinity for none. */
  readonly #maxPayload: number
  readonly #inflate: InflateParameters | undefined

  #state = BETWEEN_FRAMES
  /** Bytes of the current frame's payload that have not arrived. */
  #remaining = 0
  /** The opcode of the message whose last frame is still to come, 0 if there is none. */
  #message = 0

  // Created by the first frame that needs them: many connections are idle (bench: idle).
  #header: FrameHeader | undefined
  #body: MessageBody | undefined
  #control: ControlFrames | undefined

  /** Whether a long frame was read, so that the next read should bring a header alone; and the target of such reads. */
  #headerIsNext = false
  #headerTarget: Uint8Array | undefined

  #paused = false
  /** Bytes that have arrived while reading was paused. */
  readonly #backlog: ReadBacklog = []
  #resuming = false
  /** Frames that were read one by one since the last pause for them. */
  #frames = 0

  constructor(platform: Platform, handler: FrameHandler, limits: ReadLimits, inflate?: InflateParameters) {
    this.#platform = platform
    this.#handler = handler
    this.#lease = new ReadBufferLease(platform)
    this.#limits = limits
    this.#maxPayload = limits.maxPayload || Number.POSITIVE_INFINITY
    this.#inflate = inflate
  }

  /** Reads nothing any more, and releases the memory of an unfinished message. */
  stop(): void {
    this.#state = STOPPED
    // Between two frames the loop checks this flag alone.
    this.#paused = true
    this.#body?.release()
    this.#lease.abandon()
    this.#control = undefined
    for (const { buffer } of this.#backlog.splice(0)) buffer?.release()
  }

  /**
   * Reads no further than the current frame until `resume`. One chunk may hold far more messages than the handler has room
   * for, all the more if they are compressed.
   */
  pause(): void {
    this.#paused = true
  }

  /** Reads on, with the backlog first. Called in a new turn of the event loop, or by the handler. */
  resume(): void {
    this.#paused = false
    this.#body?.renewBudget()
    // Called by the handler within the loop below, which then goes on by itself.
    if (this.#resuming) return
    this.#resuming = true
    // At least once: the reassembly may be suspended with all of its input consumed.
    do {
      const chunk = this.#backlog.shift() ?? EMPTY_CHUNK
      this.read(chunk.bytes, chunk)
      chunk.buffer?.release()
    } while (!this.#paused && this.#backlog.length > 0)
    this.#resuming = false
  }

  get paused(): boolean {
    return this.#paused && this.#state !== STOPPED
  }

  /**
   * Where the next read should go; undefined for the pipe's own memory. The rest of a long message is read directly into
   * its reassembly buffer. After a long frame only a header is read, since another long one is likely to follow. And while
   * much arrives, reads go to memory that a batch can retain.
   */
  readTarget(): Uint8Array | undefined {
    if (this.#state === STOPPED) return undefined
    // New bytes join a backlog, so they are read to memory that can be retained. A pause without a backlog mostly ends before
    // anything arrives, so the other targets serve.
    if (this.#backlog.length > 0) return this.#lease.readTarget()
    if (this.#state === IN_DATA) {
      const target = this.#body!.readTarget(this.#remaining)
      if (target !== undefined) return target
    } else if (this.#headerIsNext && this.#state === BETWEEN_FRAMES) {
      this.#headerIsNext = false
      return (this.#headerTarget ??= new Uint8Array(MAX_SERVER_HEADER))
    }
    return this.#lease.readTarget()
  }

  /**
   * Reads one chunk. The caller may use its memory again afterwards.
   *
   * @param waited the chunk's entry in the backlog, if it comes from there
   */
  read(chunk: Uint8Array, waited?: BacklogChunk): void {
    const end = chunk.length
    let position = 0
    const buffer = waited === undefined ? this.#lease.bufferOf(chunk) : waited.buffer

    // 1. The frame that the previous chunk has left incomplete.
    if (this.#state !== BETWEEN_FRAMES && !this.#paused) {
      position = this.#continueFrame(chunk)
      if (position < 0) return
    }

    while (position < end) {
      if (this.#paused) {
        if (this.#state === STOPPED) return
        return hold(this.#backlog, chunk.subarray(position), buffer, waited !== undefined)
      }
      // 2. Fast paths for messages in one frame that lie wholly in the chunk: a batch of small ones, or one decoded in place.
      if (this.#message === 0 && this.#handler.takesBatches === true) {
        const batch = takeBatch(this.#platform, chunk, position, this.#maxPayload, buffer)
        if (batch !== undefined) {
          position += batch.size
          this.#handler.onBatch!(batch)
          continue
        }
      }
      const first = chunk[position]!
      if ((first === WHOLE_TEXT || first === WHOLE_BINARY) && this.#message === 0 && position + 1 < end) {
        let length = chunk[position + 1]!
        let start = position + 2
        if (length === LENGTH_16 && start + 2 <= end) {
          length = (chunk[start]! << 8) | chunk[start + 1]!
          start += 2
          if (length < 126) length = NOT_IN_CHUNK
        } else if (length === LENGTH_64 && start + 8 <= end && readUint32(chunk, start) === 0) {
          length = readUint32(chunk, start + 4)
          start += 8
          if (length < 0x10000) length = NOT_IN_CHUNK
        } else if (length > 125) length = NOT_IN_CHUNK
        const after = start + length
        if (after <= end && length <= this.#maxPayload) {
          if (first === WHOLE_BINARY) this.#handler.onBinary(copy(chunk, start, after).buffer)
          else if (!this.#deliver(decodeText(this.#platform, chunk, start, after))) return
          position = after
          continue
        }
      }

      // 3. Any other frame: its header.
      const header = (this.#header ??= new FrameHeader(this.#inflate !== undefined))
      const size = header.parse(chunk, position, end, this.#message)
      if (size === 0) {
        header.keepCut(chunk.subarray(position))
        this.#state = IN_HEADER
        return
      }
      if (!this.#beginFrame(size)) return
      // 4. Its payload, as far as it has arrived.
      position = this.#readPayload(chunk, position + size)
      if (position < 0) return
      // A chunk that is read needs no pause. Behind one, small chunks would wait as copies.
      if (++this.#frames >= MAX_FRAMES && position < end) {
        this.#frames = 0
        this.#yield(0)
      }
    }
  }

  /**
   * Continues an incomplete frame at the front of `chunk`.
   *
   * @returns where the next frame begins; -1 if the chunk is used up, or nothing more is read
   */
  #continueFrame(chunk: Uint8Array): number {
    if (this.#state === STOPPED) return -1
    if (this.#state !== IN_HEADER) return this.#readPayload(chunk, 0)
    const size = this.#header!.parseCut(chunk, this.#message)
    if (size === 0 || !this.#beginFrame(size)) return -1
    this.#state = BETWEEN_FRAMES
    return this.#readPayload(chunk, size)
  }

  /**
   * Begins the frame whose header was parsed. Its limits are checked before memory is taken for the payload.
   *
   * @param parsed the size of the header, or why it is refused
   * @returns false if the frame is refused
   */
  #beginFrame(parsed: number | Violation): parsed is number {
    if (typeof parsed !== 'number') return this.#refuse(parsed)
    const header = this.#header!
    this.#remaining = header.length
    if (header.opcode >= CLOSE) return true
    if (header.opcode !== CONTINUATION) this.#message = header.opcode
    this.#body ??= new MessageBody(this.#platform, this.#limits, this.#inflate)
    const violation = this.#body.beginFrame(header)
    return violation === undefined || this.#refuse(violation)
  }

  /** Reads payload from `position` on. Returns the same as `#continueFrame`. */
  #readPayload(chunk: Uint8Array, position: number): number {
    const { opcode, final } = this.#header!
    let after = position + Math.min(this.#remaining, chunk.length - position)
    if (opcode >= CLOSE) return this.#readControl(opcode, chunk, position, after)

    const body = this.#body!
    this.#state = IN_DATA
    if (after > position || body.suspended) {
      const consumed = body.append(chunk, position, after, this.#remaining, final)
      if (typeof consumed !== 'number') {
        this.#refuse(consumed)
        return -1
      }
      this.#remaining -= consumed
      after = position + consumed
      if (body.suspended) return this.#yield(after)
    }
    if (this.#remaining > 0) return -1
    this.#headerIsNext = body.isLongFrame
    if (!final) {
      this.#state = BETWEEN_FRAMES
      this.#handler.onFragment?.(body.length)
      return after
    }
    const message = body.finish(this.#handler)
    if (message === undefined) return this.#yield(after)
    this.#state = BETWEEN_FRAMES
    this.#message = 0
    return this.#deliver(message) ? after : -1
  }

  /** Goes on in a later turn. Returns where the next frame begins, or the rest of this one. */
  #yield(after: number): number {
    this.#paused = true
    this.#handler.onYield()
    return after
  }

  #readControl(opcode: number, chunk: Uint8Array, position: number, after: number): number {
    const remaining = this.#remaining - (after - position)
    this.#remaining = remaining
    this.#state = remaining > 0 ? IN_CONTROL : BETWEEN_FRAMES
    this.#control ??= new ControlFrames(this.#handler)
    this.#control.read(opcode, chunk, position, after, remaining)
    if (remaining > 0) return -1
    if (opcode !== CLOSE) return after
    // RFC 6455 section 5.5.1: nothing follows a Close frame.
    this.stop()
    return -1
  }

  /** Hands a message to the handler. Returns false if it is refused. */
  #deliver(message: string | ArrayBuffer | Pieces | Violation): boolean {
    if (typeof message === 'string') this.#handler.onText(message)
    else if (isViolation(message)) return this.#refuse(message)
    else this.#handler.onBinary(message)
    return true
  }

  /** Stops reading, and reports the violation. */
  #refuse({ closeCode, code, message }: Violation): false {
    this.stop()
    const what = closeCode < POLICY_VIOLATION ? 'The server broke the protocol' : 'The server exceeded a limit'
    this.#handler.onViolation(closeCode, code, `${what}: ${message}`)
    return false
  }
}
