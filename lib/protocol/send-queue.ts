import { FrameWriter, type FrameWriterOwner, LARGE_PAYLOAD } from '../codec/frame-writer.ts'
import { BINARY, CLOSE, CONTINUATION, RSV1, TEXT } from '../codec/opcodes.ts'
import type { Platform } from '../codec/platform.ts'
import type { Pipe } from '../transport/pipe.ts'
import type { DeflateParameters } from './extensions.ts'
import { Fifo } from './fifo.ts'
import { FlushLog } from './flush-log.ts'
import { type CompressionSettings, LARGE_MESSAGE, MessageCompressor } from './message-compressor.ts'

/** A message or a Close frame that waits for its turn. */
interface QueueEntry {
  /** A text message, the payload of a binary one, or a Close frame's body. Undefined until a reservation is filled. */
  content: string | Uint8Array | undefined
  readonly opcode: number
  /** For a single frame, which is never compressed: whether it is the last of its message. Undefined for a whole message. */
  readonly final?: boolean | undefined
}

/** A place in the queue for a binary message whose bytes `fill` brings. */
export type Reservation = QueueEntry

export interface SendQueueOwner extends FrameWriterOwner {
  /** A message was written to the frame writer after it had waited in the queue. */
  requestFlush(): void
}

/**
 * The messages that a connection sends, in the order in which they were sent.
 *
 * A message goes straight to the frame writer, unless one before it still waits for its bytes or for its compression. Control
 * frames overtake those that wait.
 */
export class SendQueue {
  readonly #platform: Platform
  readonly #owner: SendQueueOwner
  readonly #writer: FrameWriter
  readonly #compressor: MessageCompressor | undefined

  /**
   * The first entry is an unfilled reservation, or a message that is being compressed off the event loop. Created by the first
   * entry (bench: idle).
   */
  #entries: Fifo<QueueEntry> | undefined
  #compressing = false

  /** Application bytes that were written into frames so far; and those of them that were flushed. */
  #framed = 0
  #flushed = 0
  /** The end of the last flush of `#flushed`, in bytes on the wire. */
  #flushedOnWire = 0
  /** Exists while bytes of a flush may still wait in the pipe: an idle connection needs none (bench: idle). */
  #flushLog: FlushLog | undefined

  constructor(
    platform: Platform,
    deflate: DeflateParameters | undefined,
    settings: CompressionSettings | undefined,
    owner: SendQueueOwner,
  ) {
    this.#platform = platform
    this.#owner = owner
    this.#writer = new FrameWriter(platform, owner)
    if (deflate !== undefined && settings !== undefined) {
      this.#compressor = new MessageCompressor(platform, deflate, settings)
    }
  }

  /** Whether frames wait for `flush`. */
  get pending(): boolean {
    return this.#writer.pending
  }

  /** Whether a `flush` is under way. */
  get isFlushing(): boolean {
    return this.#writer.isFlushing
  }

  /** Whether messages wait for their bytes or their compression. */
  get waits(): boolean {
    return !!this.#entries?.length
  }

  /** Sends a text message. Returns its length in bytes. */
  text(text: string): number {
    if (this.#goesStraight(text)) {
      const length = this.#writer.text(text)
      this.#framed += length
      return length
    }
    this.#enqueue({ content: text, opcode: TEXT })
    return this.#platform.utf8Length(text)
  }

  /** Sends a binary message, or one with another opcode. The bytes are copied. */
  binary(bytes: Uint8Array, opcode: number = BINARY): void {
    if (this.#goesStraight(bytes)) return this.#write(opcode, bytes)
    const waits = this.waits || bytes.length >= LARGE_MESSAGE
    // Not by `slice`: a Buffer's copies nothing.
    this.#enqueue({ content: waits ? new Uint8Array(bytes) : bytes, opcode })
  }

  /** Sends one frame of a message, uncompressed. The payload is copied. */
  frame(opcode: number, payload: Uint8Array, final: boolean): void {
    if (this.waits) this.#entries!.push({ content: new Uint8Array(payload), opcode, final })
    else this.#write(opcode, payload, final)
  }

  /** Writes a control frame at once, ahead of all entries. */
  control(opcode: number, payload: Uint8Array): void {
    this.#writer.frame(opcode, payload)
  }

  /** Sends a Close frame, after all entries. */
  close(body: Uint8Array): void {
    this.frame(CLOSE, body, true)
  }

  /**
   * Reserves the next place in the order for a message whose bytes are not known yet.
   *
   * @param final for a single frame, which is not compressed: whether it is the last of its message
   */
  reserve(opcode: number = BINARY, final?: boolean): Reservation {
    const reservation: Reservation = { content: undefined, opcode, final }
    this.#push(reservation)
    return reservation
  }

  /** Gives a reservation its bytes, which are taken over. */
  fill(reservation: Reservation, bytes: Uint8Array): void {
    reservation.content = bytes
    if (!this.#compressing) this.#sendEntries()
    this.#owner.requestFlush()
  }

  /** Drops all entries. Only a Close frame, which can only be the last of them, is sent. */
  dropMessages(): void {
    const last = this.#entries?.clear().at(-1)
    if (last?.opcode === CLOSE) this.#writer.frame(CLOSE, last.content as Uint8Array)
  }

  /** The pipe has closed: gives back the memory of all that was written. */
  giveBack(): void {
    this.#writer.release()
  }

  /** Drops all entries, and frees the memory for compression. */
  stop(): void {
    this.#entries?.clear()
    this.#compressor?.close()
  }

  /** Hands all frames to the pipe. Returns what its last write did: false if bytes have to wait there. */
  flush(pipe: Pick<Pipe, 'write' | 'givesBack'>): boolean {
    const ready = this.#writer.flush(pipe)
    if (ready) this.#flushLog = undefined
    // Control frames alone, and the early parts of a large message, are not logged: a user who only receives never asks for
    // what has left.
    else if (this.#framed === this.#flushed) return false
    else {
      this.#flushLog ??= new FlushLog(this.#flushedOnWire, this.#flushed)
      this.#flushLog.add(this.#writer.flushed, this.#framed)
    }
    this.#flushed = this.#framed
    this.#flushedOnWire = this.#writer.flushed
    return ready
  }

  /** Called by the connection when all flushed bytes have left. */
  drained(): void {
    this.#writer.drained()
  }

  /**
   * Application bytes that have left for the network; of a flush that has left in part, the same part.
   *
   * @param buffered bytes that wait in the pipe
   */
  transmitted(buffered: number): number {
    return this.#flushLog?.transmitted(this.#writer.flushed - buffered) ?? this.#flushed
  }

  /** Whether a message goes to the frame writer now, as it is. */
  #goesStraight(content: string | Uint8Array): boolean {
    return !this.waits && !this.#compressor?.accepts(content)
  }

  /** Writes a frame as it is. A Close frame is no message, so it does not count. */
  #write(opcode: number, payload: Uint8Array, final?: boolean): void {
    this.#writer.frame(opcode, payload, final)
    if (opcode !== CLOSE) this.#framed += payload.length
  }

  /** Returns how many entries there are. */
  #push(entry: QueueEntry): number {
    this.#entries ??= new Fifo()
    return this.#entries.push(entry)
  }

  #enqueue(entry: QueueEntry): void {
    if (this.#push(entry) === 1) this.#sendEntries()
  }

  /** Sends entries in order, up to the first that has to wait. */
  #sendEntries(): void {
    while (this.waits) {
      const { content, opcode, final } = this.#entries!.first!
      if (content === undefined) return
      if (final !== undefined || !this.#compressor?.accepts(content)) {
        this.#entries!.shift()
        if (typeof content === 'string') this.#framed += this.#writer.text(content)
        else this.#write(opcode, content, final)
        continue
      }
      // The pipe is called now, and not while memory is in use that connections share.
      this.#writer.flushIfLong()
      if (!this.waits) return
      const bytes = typeof content === 'string' ? this.#compressor!.encode(content) : content
      if (bytes.length >= LARGE_MESSAGE) return this.#sendInParts(opcode, bytes)
      this.#entries!.shift()
      const compressed = this.#compressor!.compress(bytes)
      this.#compressor!.endMessage()
      // The pipe is called in the middle of a large frame, and then another connection may use the deflater's memory.
      const isLarge = compressed.length > LARGE_PAYLOAD
      this.#writer.frame(RSV1 | opcode, isLarge ? new Uint8Array(compressed) : compressed)
      this.#framed += bytes.length
    }
  }

  /**
   * Compresses a message part by part off the event loop, and sends each as a frame. The entry stays the first meanwhile, so
   * that all others wait; if it is dropped, no further part is compressed.
   */
  #sendInParts(opcode: number, bytes: Uint8Array, start = 0): void {
    const end = Math.min(start + LARGE_MESSAGE, bytes.length)
    const final = end === bytes.length
    this.#compressing = true
    this.#compressor!.compressPart(bytes.subarray(start, end), final, compressed => {
      this.#compressing = false
      // The entry was dropped: the connection has ended, or is about to.
      if (!this.waits) return
      this.#writer.frame(start === 0 ? RSV1 | opcode : CONTINUATION, compressed, final)
      this.#framed += end - start
      if (final) {
        this.#entries!.shift()
        this.#compressor!.endMessage()
        this.#sendEntries()
      } else this.#sendInParts(opcode, bytes, end)
      this.#owner.requestFlush()
    })
  }
}
