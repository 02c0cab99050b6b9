import { constants, createDeflateRaw, createInflateRaw, type DeflateRaw, type InflateRaw } from 'node:zlib'

/** The parameters of permessage-deflate (RFC 7692) that the server has accepted. */
export interface DeflateAgreement {
  /** The value of Sec-WebSocket-Extensions in the response. */
  readonly header: string
  readonly serverNoContextTakeover: boolean
  readonly clientNoContextTakeover: boolean
  readonly serverWindowBits: number
  readonly clientWindowBits: number
}

/** Accepts the first offer that the server supports (RFC 7692 section 7.1); undefined if there is none. */
export function agreeOnDeflate(offers: string | undefined): DeflateAgreement | undefined {
  for (const offer of (offers ?? '').split(',')) {
    const [name, ...parameters] = offer.split(';').map(part => part.trim())
    const agreement = name === 'permessage-deflate' ? agree(parameters) : undefined
    if (agreement) return agreement
  }
  return undefined
}

function agree(parameters: readonly string[]): DeflateAgreement | undefined {
  let serverNoContextTakeover = false
  let clientNoContextTakeover = false
  let serverWindowBits = 15
  let clientWindowBits = 15
  let header = 'permessage-deflate'
  for (const parameter of parameters) {
    const [key, value] = parameter.replaceAll('"', '').split('=')
    if (key === 'server_no_context_takeover') serverNoContextTakeover = true
    else if (key === 'client_no_context_takeover') clientNoContextTakeover = true
    else if (key === 'client_max_window_bits') clientWindowBits = value === undefined ? 15 : Number(value)
    else if (key === 'server_max_window_bits') serverWindowBits = Number(value)
    else return undefined
    if (key !== 'client_max_window_bits') header += `; ${parameter}`
  }
  // zlib cannot deflate with a window of 256 bytes (8 bits), so such an offer cannot be honoured.
  const valid = serverWindowBits >= 9 && serverWindowBits <= 15 && clientWindowBits >= 8 && clientWindowBits <= 15
  if (!valid) return undefined
  if (clientWindowBits < 15) header += `; client_max_window_bits=${clientWindowBits}`
  return { header, serverNoContextTakeover, clientNoContextTakeover, serverWindowBits, clientWindowBits }
}

/** RFC 7692 section 7.2.1: the end of a sync flush, which a sender removes and a receiver appends again. */
const tail = Buffer.from([0x00, 0x00, 0xff, 0xff])

/** Both directions of one connection's compression. */
export class MessageDeflate {
  readonly #agreement: DeflateAgreement
  #deflate: DeflateRaw | undefined
  #inflate: InflateRaw | undefined

  constructor(agreement: DeflateAgreement) {
    this.#agreement = agreement
  }

  async compress(message: Buffer): Promise<Buffer> {
    this.#deflate ??= createDeflateRaw({ windowBits: this.#agreement.serverWindowBits })
    const flushed = await pass(this.#deflate, message)
    if (this.#agreement.serverNoContextTakeover) this.#deflate = close(this.#deflate)
    return flushed.subarray(0, flushed.length - tail.length)
  }

  async decompress(message: Buffer): Promise<Buffer> {
    // zlib turns 8 window bits into 9, so a client that agreed to 8 may use 9.
    this.#inflate ??= createInflateRaw({ windowBits: Math.max(9, this.#agreement.clientWindowBits) })
    const inflated = await pass(this.#inflate, Buffer.concat([message, tail]))
    if (this.#agreement.clientNoContextTakeover) this.#inflate = close(this.#inflate)
    return inflated
  }

  close(): void {
    this.#deflate = close(this.#deflate)
    this.#inflate = close(this.#inflate)
  }
}

function close(stream: DeflateRaw | InflateRaw | undefined): undefined {
  stream?.close()
  return undefined
}

function pass(stream: DeflateRaw | InflateRaw, input: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const output: Buffer[] = []
    const collect = (chunk: Buffer) => output.push(chunk)
    const settle = (error?: Error | null) => {
      stream.off('data', collect)
      stream.off('error', settle)
      if (error) reject(error)
      else resolve(Buffer.concat(output))
    }
    stream.on('data', collect)
    stream.on('error', settle)
    stream.write(input)
    stream.flush(constants.Z_SYNC_FLUSH, () => settle())
  })
}
