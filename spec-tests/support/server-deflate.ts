import { constants, createDeflateRaw, createInflateRaw, type DeflateRaw, type InflateRaw } from 'node:zlib'
import { Departure } from './departure.ts'

/** What the server puts into its response; what is left out is not said. */
export interface DeflateParameters {
  readonly serverNoContextTakeover?: boolean
  readonly clientNoContextTakeover?: boolean
  readonly serverMaxWindowBits?: number
  readonly clientMaxWindowBits?: number
}

/** The value of Sec-WebSocket-Extensions that says so. */
export function writeParameters(parameters: DeflateParameters): string {
  const { serverNoContextTakeover, clientNoContextTakeover, serverMaxWindowBits, clientMaxWindowBits } = parameters
  let text = 'permessage-deflate'
  if (serverNoContextTakeover) text += '; server_no_context_takeover'
  if (clientNoContextTakeover) text += '; client_no_context_takeover'
  if (serverMaxWindowBits !== undefined) text += `; server_max_window_bits=${serverMaxWindowBits}`
  if (clientMaxWindowBits !== undefined) text += `; client_max_window_bits=${clientMaxWindowBits}`
  return text
}

const TAIL = Buffer.from([0, 0, 0xff, 0xff])

/** The server's side of permessage-deflate, which holds the client to what was agreed on. */
export class ServerDeflate {
  readonly #parameters: DeflateParameters
  #deflater: DeflateRaw | undefined
  #inflater: InflateRaw | undefined
  #onError: (error: Error) => void = () => {}

  constructor(parameters: DeflateParameters) {
    this.#parameters = parameters
  }

  /** Compresses a message as RFC 7692 section 7.2.1 says. */
  async compress(message: Uint8Array): Promise<Buffer> {
    const windowBits = this.#parameters.serverMaxWindowBits ?? 15
    const deflater = (this.#deflater ??= createDeflateRaw({ windowBits }))
    const pieces: Buffer[] = []
    const onData = (piece: Buffer): void => void pieces.push(piece)
    deflater.on('data', onData)
    deflater.write(message)
    await new Promise<void>(resolve => deflater.flush(constants.Z_SYNC_FLUSH, resolve))
    deflater.off('data', onData)
    if (this.#parameters.serverNoContextTakeover) this.#closeDeflater()
    const compressed = Buffer.concat(pieces)
    return compressed.subarray(0, compressed.length - TAIL.length)
  }

  /** Inflates a message of the client's (section 7.2.2): it may use no more of a window than it has agreed to. */
  async inflate(payload: Uint8Array): Promise<Buffer> {
    if (payload.length === 0) throw new Departure('a compressed message has no byte (RFC 7692 section 7.2.3.6)')
    const inflater = (this.#inflater ??= this.#createInflater())
    const pieces: Buffer[] = []
    const onData = (piece: Buffer): void => void pieces.push(piece)
    inflater.on('data', onData)
    await new Promise<void>((resolve, reject) => {
      this.#onError = ({ message }) => reject(new Departure(`a compressed message cannot be inflated: ${message}`))
      inflater.write(payload)
      inflater.write(TAIL)
      inflater.flush(constants.Z_SYNC_FLUSH, () => resolve())
    })
    inflater.off('data', onData)
    if (this.#parameters.clientNoContextTakeover) this.#closeInflater()
    return Buffer.concat(pieces)
  }

  #createInflater(): InflateRaw {
    const windowBits = this.#parameters.clientMaxWindowBits ?? 15
    // What zlib still has in its output may be referred to as well, so that shall be no more than a window.
    const inflater = createInflateRaw({ windowBits, chunkSize: 2 ** windowBits })
    inflater.on('error', error => this.#onError(error))
    return inflater
  }

  #closeDeflater(): void {
    this.#deflater?.close()
    this.#deflater = undefined
  }

  #closeInflater(): void {
    this.#inflater?.close()
    this.#inflater = undefined
  }

  close(): void {
    this.#closeDeflater()
    this.#closeInflater()
  }
}
