import {
  CORRUPT,
  type Compression,
  type Deflater,
  type DeflaterOptions,
  INFLATED,
  type Inflater,
  TOO_LONG,
} from '../codec/compression.ts'
import { shielded } from '../host/shielded-options.ts'
import { isView } from '../host/views.ts'
import { buffer, Z_SYNC_FLUSH, zlib } from './builtins.ts'

/**
 * Raw DEFLATE by the documented functions of node:zlib, for hosts where the native handle does not work. The window passes from
 * message to message as a dictionary. A message is inflated when all of it has arrived.
 */
export const documentedCompression: Compression = {
  createInflater: (windowBits, maxOutput) => new DocumentedInflater(windowBits, maxOutput),
  createDeflater: options => new DocumentedDeflater(options),
}

/** The end of a flush, in bytes, which is not sent (RFC 7692 section 7.2.1). */
const TAIL_LENGTH = 4
const EMPTY: Uint8Array = new Uint8Array(0)

/** The streams that one message may consist of, each ended by a block with BFINAL set: to begin one costs some 20 µs. */
const MAX_STREAMS = 1024

class DocumentedInflater implements Inflater {
  consumed = 0
  produced = 0
  readonly #windowBits: number
  readonly #maxOutput: number
  #window = EMPTY
  #input = EMPTY
  #inputLength = 0
  #output = EMPTY

  constructor(windowBits: number, maxOutput: number) {
    this.#windowBits = windowBits
    this.#maxOutput = Math.min(maxOutput, buffer().constants.MAX_LENGTH)
  }

  inflate(
    input: Uint8Array,
    start: number,
    end: number,
    last: boolean,
    output: Uint8Array,
    outputStart: number,
  ): typeof INFLATED | typeof CORRUPT | typeof TOO_LONG {
    this.produced = 0
    this.consumed = end - start
    this.#append(input.subarray(start, end))
    if (last && this.#inputLength > 0) {
      try {
        if (!this.#inflateWhole(end - start)) return CORRUPT
      } catch (error) {
        return (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE' ? TOO_LONG : CORRUPT
      }
      if (this.#output.length > this.#maxOutput) return TOO_LONG
    }
    this.produced = Math.min(output.length - outputStart, this.#output.length)
    output.set(this.#output.subarray(0, this.produced), outputStart)
    this.#output = this.#output.subarray(this.produced)
    return INFLATED
  }

  /** Appends to the compressed message, in one buffer: a flood of tiny fragments must not cost an object each. */
  #append(bytes: Uint8Array): void {
    const needed = this.#inputLength + bytes.length
    if (needed > this.#input.length) {
      const grown = new Uint8Array(Math.max(needed, this.#input.length * 2))
      grown.set(this.#input.subarray(0, this.#inputLength))
      this.#input = grown
    }
    this.#input.set(bytes, this.#inputLength)
    this.#inputLength = needed
  }

  /**
   * Inflates the message to `#output`.
   *
   * @param tail how many bytes at its end are what the sender has left out
   * @returns false if it consists of too many streams
   */
  #inflateWhole(tail: number): boolean {
    let input = this.#input.subarray(0, this.#inputLength)
    this.#input = EMPTY
    this.#inputLength = 0
    const pieces: Uint8Array[] = []
    let room = this.#maxOutput
    for (let streams = 0; streams < MAX_STREAMS; streams++) {
      const options = shielded({
        windowBits: this.#windowBits,
        finishFlush: Z_SYNC_FLUSH,
        // zlib does not take 0. A byte too much is found in the sum.
        maxOutputLength: Math.max(1, room),
        info: true,
        dictionary: dictionaryOf(this.#window),
      })
      const result = zlib().inflateRawSync(input, options as object) as Uint8Array | Inflated
      // A host without the option "info" does not tell where a stream has ended.
      const bytes = isView(result) ? result : result.buffer
      const used = isView(result) ? input.length : result.engine.bytesWritten
      pieces.push(bytes)
      room -= bytes.length
      input = input.subarray(used)
      // RFC 7692 section 7.2.3.4: a block with BFINAL set has ended the stream. Another stream follows, or only what the sender
      // has left out, which no stream needs then.
      this.#window = input.length > 0 ? EMPTY : slide(this.#window, bytes, this.#windowBits)
      if (input.length === 0 || input.length === tail) {
        this.#output = pieces.length === 1 ? bytes : buffer().Buffer.concat(pieces)
        return true
      }
    }
    return false
  }

  reset(): void {
    this.#window = EMPTY
  }

  close(): void {
    this.#window = this.#input = this.#output = EMPTY
    this.#inputLength = 0
  }
}

/** The result of `inflateRawSync` with the option `info`. `bytesWritten` is how much of the input was used. */
interface Inflated {
  readonly buffer: Uint8Array
  readonly engine: { readonly bytesWritten: number }
}

class DocumentedDeflater implements Deflater {
  readonly #options: DeflaterOptions
  #window = EMPTY

  constructor(options: DeflaterOptions) {
    this.#options = options
  }

  deflate(message: Uint8Array): Uint8Array {
    // A copy: zlib and `slide` read members that the object may have itself.
    const bytes = new Uint8Array(message)
    const compressed = zlib().deflateRawSync(bytes, this.#zlibOptions())
    this.#slide(bytes)
    return compressed.subarray(0, -TAIL_LENGTH)
  }

  deflateLater(message: Uint8Array, callback: (compressed: Uint8Array) => void): void {
    zlib().deflateRaw(message, this.#zlibOptions(), (_error, compressed) =>
      callback(compressed.subarray(0, -TAIL_LENGTH)),
    )
    this.#slide(message)
  }

  reset(): void {
    this.#window = EMPTY
  }

  close(): void {
    this.reset()
  }

  #zlibOptions(): object {
    return shielded({ ...this.#options, finishFlush: Z_SYNC_FLUSH, dictionary: dictionaryOf(this.#window) })
  }

  #slide(message: Uint8Array): void {
    this.#window = slide(this.#window, message, this.#options.windowBits)
  }
}

/** The window after `added`: the last bytes of all messages, as many as it holds. */
function slide(window: Uint8Array, added: Uint8Array, windowBits: number): Uint8Array {
  const size = 2 ** windowBits
  const kept = added.length >= size ? EMPTY : window.subarray(-(size - added.length))
  return buffer().Buffer.concat([kept, added.subarray(-size)])
}

/** The window as an option for zlib, which refuses an empty dictionary. */
function dictionaryOf(window: Uint8Array): Uint8Array | undefined {
  return window.length > 0 ? window : undefined
}
