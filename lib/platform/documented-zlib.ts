import { Buffer, constants as bufferConstants } from 'node:buffer'
import { constants, deflateRaw, deflateRawSync, inflateRawSync } from 'node:zlib'
import {
  CORRUPT,
  type Compression,
  type Deflater,
  type DeflaterOptions,
  INFLATED,
  type Inflater,
  TOO_LONG,
} from '../codec/compression.ts'

/**
 * Raw DEFLATE by the documented functions of node:zlib, for a host where the faster way is not to be had. The window is
 * handed from message to message as a dictionary; a message is inflated when it is whole.
 */
export const documentedCompression: Compression = {
  createInflater: (windowBits, maxOutput) => new DocumentedInflater(windowBits, maxOutput),
  createDeflater: options => new DocumentedDeflater(options),
}

/** The end of a flush, which is not sent (RFC 7692 section 7.2.1). */
const TAIL_LENGTH = 4
const NOTHING: Uint8Array = new Uint8Array(0)

class DocumentedInflater implements Inflater {
  consumed = 0
  produced = 0
  readonly #windowBits: number
  readonly #maxOutput: number
  #window = NOTHING
  #input: Uint8Array[] = []
  #output = NOTHING

  constructor(windowBits: number, maxOutput: number) {
    this.#windowBits = windowBits
    this.#maxOutput = Math.min(maxOutput, bufferConstants.MAX_LENGTH)
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
    if (end > start) this.#input.push(input.slice(start, end))
    if (last && this.#input.length > 0) {
      try {
        this.#inflateWhole()
      } catch (error) {
        return (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE' ? TOO_LONG : CORRUPT
      }
    }
    this.produced = Math.min(output.length - outputStart, this.#output.length)
    output.set(this.#output.subarray(0, this.produced), outputStart)
    this.#output = this.#output.subarray(this.produced)
    return INFLATED
  }

  #inflateWhole(): void {
    const input = Buffer.concat(this.#input)
    this.#input = []
    this.#output = inflateRawSync(input, {
      windowBits: this.#windowBits,
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: this.#maxOutput,
      ...dictionaryOf(this.#window),
    })
    this.#window = slide(this.#window, this.#output, this.#windowBits)
  }

  reset(): void {
    this.#window = NOTHING
  }

  close(): void {
    this.#window = NOTHING
    this.#input = []
    this.#output = NOTHING
  }
}

class DocumentedDeflater implements Deflater {
  readonly #options: DeflaterOptions
  #window = NOTHING

  constructor(options: DeflaterOptions) {
    this.#options = options
  }

  deflate(message: Uint8Array): Uint8Array {
    const compressed = deflateRawSync(message, this.#zlibOptions())
    this.#slide(message)
    return compressed.subarray(0, -TAIL_LENGTH)
  }

  deflateLater(message: Uint8Array, callback: (compressed: Uint8Array) => void): void {
    deflateRaw(message, this.#zlibOptions(), (_error, compressed) => callback(compressed.subarray(0, -TAIL_LENGTH)))
    this.#slide(message)
  }

  reset(): void {
    this.#window = NOTHING
  }

  close(): void {
    this.#window = NOTHING
  }

  #zlibOptions(): object {
    return { ...this.#options, finishFlush: constants.Z_SYNC_FLUSH, ...dictionaryOf(this.#window) }
  }

  #slide(message: Uint8Array): void {
    this.#window = slide(this.#window, message, this.#options.windowBits)
  }
}

/** The last bytes of what went through, as many as the window holds. */
function slide(window: Uint8Array, added: Uint8Array, windowBits: number): Uint8Array {
  const size = 2 ** windowBits
  const kept = added.length >= size ? NOTHING : window.subarray(-(size - added.length))
  return Buffer.concat([kept, added.subarray(-size)])
}

/** zlib refuses an empty dictionary. */
function dictionaryOf(window: Uint8Array): { dictionary?: Uint8Array } {
  return window.length === 0 ? {} : { dictionary: window }
}
