import type { Deflater } from '../codec/compression.ts'
import { FrameWriter, type FrameWriterOwner, LARGE_PAYLOAD } from '../codec/frame-writer.ts'
import { BINARY, CLOSE, CONTINUATION, RSV1, TEXT } from '../codec/opcodes.ts'
import type { Platform } from '../codec/platform.ts'
import type { Pipe } from '../transport/pipe.ts'
import type { DeflateParameters } from './extensions.ts'

/** How messages are compressed. */
export interface CompressionSettings {
  /** Messages of fewer bytes are sent as they are. */
  readonly threshold: number
  readonly level: number
  readonly memLevel: number
}

/** A place in the order of what is sent: its content may come later than what follows it. */
export interface Place {
  /** A text message, the payload of a binary one, or a Close frame's body; undefined while it is awaited. */
  content: string | Uint8Array | undefined
  readonly opcode: number
}

export interface SendQueueOwner extends FrameWriterOwner {
  /** Something was written later than it was sent. */
  requestFlush(): void
}

/** From this size on, in bytes, a message is compressed off the event loop, so much at a time: it takes a millisecond. */
const LARGE_MESSAGE = 128 * 1024

/**
 * Where text is encoded that is to be compressed. Shared by all connections of the process, and used within one call of
 * `#sendPlaces` that runs no foreign code.
 */
const encoded: { bytes: Uint8Array } = { bytes: new Uint8Array(0) }

/**
 * What a connection sends: messages in the order in which they were sent, also when one of them has to wait for its
 * bytes or for its compression, with control frames in between; and how much of it has left.
 */
export class SendQueue {
  readonly #platform: Platform
  readonly #writer: FrameWriter
  readonly #deflater: Deflater | undefined
  readonly #threshold: number
  readonly #resetAfterMessage: boolean

  /** What waits behind a place whose content is awaited, or behind a message that is being compressed. */
  #places: Place[] = []
  #compressing = false

  // Application bytes: written into frames, and known to have left. Flushes that may still wait: bytes on the wire and
  // application bytes up to their end, in pairs.
  #framed = 0
  #transmitted = 0
  #flushes: number[] = []
  /** Application bytes up to the end of the last flush. */
  #noted = 0
  readonly #owner: SendQueueOwner

  constructor(
    platform: Platform,
    deflate: DeflateParameters | undefined,
    settings: CompressionSettings | undefined,
    owner: SendQueueOwner,
  ) {
    this.#platform = platform
    this.#writer = new FrameWriter(platform, owner)
    this.#owner = owner
    if (deflate !== undefined && settings !== undefined) {
      this.#deflater = platform.compression!.createDeflater({
        windowBits: deflate.clientMaxWindowBits,
        level: settings.level,
        memLevel: settings.memLevel,
      })
    }
    this.#threshold = settings?.threshold ?? 0
    this.#resetAfterMessage = deflate?.clientNoContextTakeover === true
  }

  /** Whether bytes wait for `flush`. */
  get pending(): boolean {
    return this.#writer.pending
  }

  /** Sends a text message. Returns its length in bytes. */
  text(text: string): number {
    if (this.#places.length === 0 && !this.#isCompressed(text)) {
      const length = this.#writer.text(text)
      this.#framed += length
      return length
    }
    this.#enqueue({ content: text, opcode: TEXT })
    return this.#platform.utf8Length(text)
  }

  /** Sends a binary message. The bytes are copied. */
  binary(bytes: Uint8Array): void {
    if (this.#places.length === 0 && !this.#isCompressed(bytes)) {
      this.#writer.frame(BINARY, bytes)
      this.#framed += bytes.length
      return
    }
    const mayChange = this.#places.length > 0 || bytes.length >= LARGE_MESSAGE
    // Not by `slice`: a Buffer's copies nothing.
    this.#enqueue({ content: mayChange ? new Uint8Array(bytes) : bytes, opcode: BINARY })
  }

  /** Sends a control frame at once, past everything that waits. */
  control(opcode: number, payload: Uint8Array): void {
    this.#writer.frame(opcode, payload)
  }

  /** Sends a Close frame behind everything that was sent. */
  close(body: Uint8Array): void {
    if (this.#places.length > 0) this.#places.push({ content: body, opcode: CLOSE })
    else this.#writer.frame(CLOSE, body)
  }

  /** Takes a place for a binary message whose bytes come later, by `fill`. */
  reserve(): Place {
    const place: Place = { content: undefined, opcode: BINARY }
    this.#places.push(place)
    return place
  }

  /** Gives a reserved place its bytes, which are taken over. */
  fill(place: Place, bytes: Uint8Array): void {
    place.content = bytes
    if (!this.#compressing) this.#sendPlaces()
    this.#owner.requestFlush()
  }

  /** Gives up what waits; a Close frame that stands last among it is sent. */
  dropMessages(): void {
    const last = this.#places.at(-1)
    this.#places = []
    if (last?.opcode === CLOSE) this.#writer.frame(CLOSE, last.content as Uint8Array)
  }

  /** The pipe has closed: gives back the memory of all that was written. */
  release(): void {
    this.#writer.release()
  }

  /** Gives up all that waits, and the memory for compression. */
  stop(): void {
    this.#places = []
    this.#deflater?.close()
  }

  /** Hands what was written to the pipe. Returns whether the pipe takes more. */
  flush(pipe: Pick<Pipe, 'write' | 'givesBack'>): boolean {
    const ready = this.#writer.flush(pipe)
    if (ready) {
      this.#transmitted = this.#framed
      if (this.#flushes.length > 0) this.#flushes = []
    } else if (this.#framed > this.#noted) {
      // Control frames alone are not noted: whoever only receives never asks what has left.
      this.#flushes.push(this.#writer.flushed, this.#framed)
    }
    this.#noted = this.#framed
    return ready
  }

  /** All that was flushed has left. */
  drained(): void {
    this.#writer.drained()
  }

  /**
   * Application bytes that have left for the network, counted up to the last whole flush that has.
   *
   * @param buffered bytes that wait in the pipe
   */
  transmitted(buffered: number): number {
    const flushes = this.#flushes
    if (flushes.length === 0) return this.#transmitted
    const gone = this.#writer.flushed - buffered
    let index = 0
    while (index < flushes.length && flushes[index]! <= gone) {
      this.#transmitted = flushes[index + 1]!
      index += 2
    }
    if (index > 0) this.#flushes = flushes.slice(index)
    return this.#transmitted
  }

  #enqueue(place: Place): void {
    this.#places.push(place)
    if (this.#places.length === 1) this.#sendPlaces()
  }

  /** Sends from the front on, until something has to be waited for. */
  #sendPlaces(): void {
    while (this.#places.length > 0) {
      const { content, opcode } = this.#places[0]!
      if (content === undefined) return
      if (opcode === CLOSE || !this.#isCompressed(content)) {
        this.#places.shift()
        if (typeof content === 'string') this.#framed += this.#writer.text(content)
        else {
          this.#writer.frame(opcode, content)
          if (opcode !== CLOSE) this.#framed += content.length
        }
        continue
      }
      // The pipe is called now, and not while memory is in use that connections share.
      this.#writer.flushIfLong()
      if (this.#places.length === 0) return
      const bytes = typeof content === 'string' ? this.#encode(content) : content
      if (bytes.length >= LARGE_MESSAGE) return this.#compressLater(opcode, bytes)
      this.#places.shift()
      this.#sendCompressed(opcode, bytes.length, this.#deflater!.deflate(bytes))
    }
  }

  /**
   * Compresses `bytes` from `start` on and sends it in a frame for each piece, so that the event loop goes on meanwhile and
   * a message that is given up stops. It keeps its place at the front, so that everything else waits.
   */
  #compressLater(opcode: number, bytes: Uint8Array, start = 0): void {
    const end = Math.min(start + LARGE_MESSAGE, bytes.length)
    this.#compressing = true
    this.#deflater!.deflateLater(bytes.subarray(start, end), compressed => {
      this.#compressing = false
      // Nothing waits any more if the connection has ended, or is about to.
      if (this.#places.length === 0) return
      const final = end === bytes.length
      this.#writer.frame(start === 0 ? RSV1 | opcode : CONTINUATION, final ? compressed : withTail(compressed), final)
      this.#framed += end - start
      if (final) {
        this.#places.shift()
        this.#endCompressed()
        this.#sendPlaces()
      } else this.#compressLater(opcode, bytes, end)
      this.#owner.requestFlush()
    })
  }

  #sendCompressed(opcode: number, length: number, compressed: Uint8Array): void {
    this.#endCompressed()
    // The pipe is called in the middle of a large frame, and not while memory is in use that connections share.
    this.#writer.frame(RSV1 | opcode, compressed.length > LARGE_PAYLOAD ? new Uint8Array(compressed) : compressed)
    this.#framed += length
  }

  #endCompressed(): void {
    if (this.#resetAfterMessage) this.#deflater!.reset()
  }

  #isCompressed(content: string | Uint8Array): boolean {
    // A flush of nothing writes nothing: an empty message stays as it is.
    if (this.#deflater === undefined || content.length === 0) return false
    if (content.length >= this.#threshold) return true
    // A string may have three bytes a unit.
    if (typeof content !== 'string' || content.length * 3 < this.#threshold) return false
    return this.#platform.utf8Length(content) >= this.#threshold
  }

  /** The text's bytes: valid until the next call, or for good if there may be so many that they are compressed later. */
  #encode(text: string): Uint8Array {
    const most = text.length * 3
    const large = most >= LARGE_MESSAGE
    if (!large && encoded.bytes.length < most) encoded.bytes = this.#platform.allocate(most)
    const bytes = large ? this.#platform.allocate(this.#platform.utf8Length(text)) : encoded.bytes
    return bytes.subarray(0, this.#platform.encodeUtf8(text, bytes, 0))
  }
}

/** Puts back what the deflater leaves out at the end (RFC 7692 section 7.2.1): only the end of a message goes without. */
function withTail(compressed: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(compressed.length + 4)
  bytes.set(compressed)
  bytes.set([0, 0, 0xff, 0xff], compressed.length)
  return bytes
}
