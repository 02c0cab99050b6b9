import { constants, createDeflateRaw, type DeflateRaw, deflateRawSync, inflateRawSync } from 'node:zlib'
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
/** A last block, without content: inflation ends well only where it stands between blocks. */
const LAST_BLOCK = Buffer.from([3, 0])

/** The server's side of permessage-deflate, which holds the client to what was agreed on. */
export class ServerDeflate {
  readonly #parameters: DeflateParameters
  #deflater: DeflateRaw | undefined
  /** The end of what the client has sent so far, as long as its window: what its next message may refer to. */
  #window: Buffer = Buffer.alloc(0)

  constructor(parameters: DeflateParameters) {
    this.#parameters = parameters
  }

  /** Compresses a message as RFC 7692 section 7.2.1 says. */
  async compress(message: Uint8Array): Promise<Buffer> {
    const windowBits = this.#parameters.serverMaxWindowBits ?? 15
    if (this.#parameters.serverNoContextTakeover) {
      const alone = deflateRawSync(message, { windowBits, finishFlush: constants.Z_SYNC_FLUSH })
      return alone.subarray(0, alone.length - TAIL.length)
    }
    const deflater = (this.#deflater ??= createDeflateRaw({ windowBits }))
    const pieces: Buffer[] = []
    const onData = (piece: Buffer): void => void pieces.push(piece)
    deflater.on('data', onData)
    deflater.write(message)
    await new Promise<void>(resolve => deflater.flush(constants.Z_SYNC_FLUSH, resolve))
    deflater.off('data', onData)
    const compressed = Buffer.concat(pieces)
    return compressed.subarray(0, compressed.length - TAIL.length)
  }

  /** Inflates a message of the client's (section 7.2.2): it may use no more of a window than it has agreed to. */
  async inflate(payload: Uint8Array): Promise<Buffer> {
    if (payload.length === 0) throw new Departure('a compressed message has no byte (RFC 7692 section 7.2.3.6)')
    const windowBits = this.#parameters.clientMaxWindowBits ?? 15
    const size = 2 ** windowBits
    let content: Buffer
    try {
      // Synchronously: a stream goes to another thread for each piece of output. What zlib still has in its output may be referred
      // to as well, so that shall be no more than a window.
      content = inflateRawSync(Buffer.concat([payload, TAIL, LAST_BLOCK]), {
        windowBits,
        chunkSize: size,
        ...(this.#window.length === 0 ? {} : { dictionary: this.#window }),
      })
    } catch (error) {
      throw new Departure(`a compressed message cannot be inflated: ${(error as Error).message}`)
    }
    if (!this.#parameters.clientNoContextTakeover) {
      this.#window =
        content.length < size ? Buffer.concat([this.#window, content]).subarray(-size) : content.subarray(-size)
    }
    return content
  }

  close(): void {
    this.#deflater?.close()
    this.#deflater = undefined
  }
}
