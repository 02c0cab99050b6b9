import type { DeflateRaw, InflateRaw } from 'node:zlib'
import {
  CORRUPT,
  type Compression,
  type Deflater,
  type DeflaterOptions,
  INFLATED,
  type Inflater,
} from '../codec/compression.ts'
import { host } from '../host/host.ts'
import { shielded } from '../host/shielded-options.ts'
import { buffer, Z_SYNC_FLUSH, zlib } from './builtins.ts'
import { documentedCompression } from './documented-zlib.ts'

/**
 * Raw DEFLATE by the native handle of a zlib stream of Node.js, called synchronously: less than 1 µs for a small message,
 * against 20 µs by way of the stream and the thread pool (bench: compressed).
 *
 * The handle is not documented. `worksHere` tests it before its first use, and where it fails, `documentedCompression` is used
 * instead. A wrong length would make the handle abort the process, so both ends of both buffers are bounded right at the call.
 */
interface Handle {
  writeSync(
    flush: number,
    input: Uint8Array,
    inputOffset: number,
    inputLength: number,
    output: Uint8Array,
    outputOffset: number,
    outputLength: number,
  ): void
  reset(): void
  onerror(message: string, errno: number, code: string): void
}

/** A zlib stream with its handle. After a call, `_writeState` has the unused bytes of the output, then those of the input. */
type Native = { _handle: Handle; _writeState: Uint32Array }

/** The end of a flush, in bytes, which is not sent (RFC 7692 section 7.2.1). */
const TAIL_LENGTH = 4

/**
 * Where `deflate` writes compressed messages; it grows as they need. Shared by all connections of the process: the result of a
 * call is valid until the next one, so it is copied to a frame before foreign code runs.
 */
const deflated: { bytes: Uint8Array } = { bytes: new Uint8Array(64 * 1024) }

class NativeInflater implements Inflater {
  consumed = 0
  produced = 0
  readonly #windowBits: number
  #stream: InflateRaw | undefined
  #failed = false

  constructor(windowBits: number) {
    this.#windowBits = windowBits
  }

  inflate(
    input: Uint8Array,
    start: number,
    end: number,
    last: boolean,
    output: Uint8Array,
    outputStart: number,
  ): typeof INFLATED | typeof CORRUPT {
    const inputLength = Math.max(0, Math.min(end, input.length) - start)
    const outputLength = Math.max(0, output.length - outputStart)
    const { _handle: handle, _writeState: state } = this.#open()
    handle.writeSync(Z_SYNC_FLUSH, input, start, inputLength, output, outputStart, outputLength)
    this.produced = outputLength - state[0]!
    this.consumed = inputLength - state[1]!
    // RFC 7692 section 7.2.1: a message ends with an empty stored block. Output now means that it ended within another block.
    return this.#failed || (last && this.produced > 0) ? CORRUPT : INFLATED
  }

  reset(): void {
    ;(this.#stream as Native | undefined)?._handle.reset()
  }

  close(): void {
    this.#stream?.close()
    this.#stream = undefined
  }

  #open(): Native {
    if (this.#stream === undefined) {
      this.#stream = zlib().createInflateRaw(shielded({ windowBits: this.#windowBits }))
      ;(this.#stream as unknown as Native)._handle.onerror = () => {
        this.#failed = true
      }
    }
    return this.#stream as unknown as Native
  }
}

class NativeDeflater implements Deflater {
  readonly #options: DeflaterOptions
  #stream: DeflateRaw | undefined

  constructor(options: DeflaterOptions) {
    this.#options = options
  }

  deflate(message: Uint8Array): Uint8Array {
    const { _handle: handle, _writeState: state } = this.#open() as unknown as Native
    let inputLength = message.length
    let length = 0
    for (;;) {
      const { bytes } = deflated
      const room = bytes.length - length
      handle.writeSync(Z_SYNC_FLUSH, message, message.length - inputLength, inputLength, bytes, length, room)
      length += room - state[0]!
      inputLength = state[1]!
      // If the output is not full, the flush is complete.
      if (state[0]! > 0) return bytes.subarray(0, length - TAIL_LENGTH)
      deflated.bytes = new Uint8Array(bytes.length * 2)
      deflated.bytes.set(bytes)
    }
  }

  deflateLater(message: Uint8Array, callback: (compressed: Uint8Array) => void): void {
    const stream = this.#open()
    const pieces: Uint8Array[] = []
    const onData = (piece: Uint8Array): void => {
      pieces.push(piece)
    }
    stream.on('data', onData)
    stream.write(message)
    stream.flush(Z_SYNC_FLUSH, () => {
      stream.off('data', onData)
      // In a task of its own: some hosts compress synchronously, and other events of this turn must come first.
      host.queueTask(() => callback(buffer().Buffer.concat(pieces).subarray(0, -TAIL_LENGTH)))
    })
  }

  reset(): void {
    ;(this.#stream as Native | undefined)?._handle.reset()
  }

  close(): void {
    this.#stream?.close()
    this.#stream = undefined
  }

  #open(): DeflateRaw {
    return (this.#stream ??= zlib().createDeflateRaw(shielded(this.#options)))
  }
}

export const nativeCompression: Compression = {
  createInflater: windowBits => new NativeInflater(windowBits),
  createDeflater: options => new NativeDeflater(options),
}

/** Which way is used, for all connections of the process. Undefined until the first use. */
const choice: { compression: Compression | undefined } = { compression: undefined }

/** The native handle if it works here, the documented functions otherwise. */
export const nodeCompression: Compression = {
  createInflater: (windowBits, maxOutput) => chosen().createInflater(windowBits, maxOutput),
  createDeflater: options => chosen().createDeflater(options),
}

function chosen(): Compression {
  return (choice.compression ??= worksHere() ? nativeCompression : documentedCompression)
}

/**
 * Tests every member of the handle that is used. Both buffers are longer than the ranges that are passed, so that no length
 * is out of bounds.
 */
function worksHere(): boolean {
  try {
    const { Buffer } = buffer()
    for (const stream of [zlib().createInflateRaw(shielded({})), zlib().createDeflateRaw(shielded({}))]) {
      // A missing property throws, here or below.
      if ((stream as unknown as Native)._writeState.length !== 2) return false
      stream.close()
    }
    const message = Uint8Array.from({ length: 300 }, (_, index) => index % 7)
    const deflater = new NativeDeflater({ windowBits: 15, level: 6, memLevel: 8 })
    const compressed = Uint8Array.from([...deflater.deflate(message), 0, 0, 0xff, 0xff])
    deflater.close()
    const back = zlib().inflateRawSync(compressed, shielded({ finishFlush: Z_SYNC_FLUSH }))
    if (Buffer.compare(back, message) !== 0) return false

    const inflater = new NativeInflater(15)
    const output = new Uint8Array(400)
    if (inflater.inflate(compressed, 0, compressed.length, false, output, 0) !== INFLATED) return false
    if (inflater.consumed !== compressed.length) return false
    if (Buffer.compare(output.subarray(0, inflater.produced), message) !== 0) return false
    // A stream that has ended, and bytes that are not DEFLATE.
    inflater.reset()
    const ended = new Uint8Array([...zlib().deflateRawSync(message, shielded({})), 1, 2, 3])
    if (inflater.inflate(ended, 0, ended.length, false, output, 0) !== INFLATED) return false
    if (inflater.consumed !== ended.length - 3) return false
    inflater.reset()
    const refused = inflater.inflate(new Uint8Array(4).fill(0xff), 0, 4, true, output, 0)
    inflater.close()
    return refused === CORRUPT
  } catch {
    return false
  }
}
