import type { Socket } from 'node:net'
import { Departure } from '../support/departure.ts'
import { CLOSE, CONTINUATION, PONG } from '../support/raw-server.ts'
import { turns } from '../support/turns.ts'

/** A frame of the client, held against RFC 6455 section 5 already. */
export interface ClientFrame {
  readonly opcode: number
  readonly rsv1: boolean
  /** Unmasked. */
  readonly payload: Buffer
}

/** The server's end of a connection: writes bytes in pieces of any size, and judges each byte that it reads. */
export class FuzzingPeer {
  readonly #socket: Socket
  readonly #chunks: Buffer[] = []
  #available = 0
  #ended = false
  #over: Error | undefined
  #wake: (() => void) | undefined
  #lastKey = ''
  #closeSeen = false
  /** The connection is gone, in both directions. */
  readonly closed: Promise<void>

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', chunk => {
      this.#chunks.push(chunk)
      this.#available += chunk.length
      this.#wake?.()
    })
    socket.on('error', () => {})
    socket.once('end', () => {
      this.#ended = true
      this.#wake?.()
    })
    this.closed = new Promise(resolve => {
      socket.once('close', () => {
        this.#over ??= new Departure('the connection is closed')
        this.#wake?.()
        resolve()
      })
    })
  }

  /** Whether the client has sent nothing more than what was read, nor its FIN. */
  get isSilent(): boolean {
    return this.#available === 0 && !this.#ended && this.#over === undefined
  }

  /** Reads up to and with the empty line that ends a request. */
  async readHead(): Promise<string> {
    let text = ''
    while (!text.endsWith('\r\n\r\n')) text += (await this.#take(1)).toString('latin1')
    return text
  }

  /** Writes bytes so that the client gets them in pieces of that size: each has been read before the next one is sent. */
  async write(bytes: Uint8Array, chop: number): Promise<void> {
    if (bytes.length <= chop) return this.#write(bytes)
    // From here on each wait is for a whole round of the event loop.
    await turns(1)
    for (let start = 0; start < bytes.length; start += chop) {
      await this.#write(bytes.subarray(start, start + chop))
      await turns(1)
    }
  }

  /**
   * Reads a frame.
   *
   * @param inPieces it may be a message in several frames, which are put together
   */
  async readFrame(inPieces = false): Promise<ClientFrame> {
    const first = await this.#readOne()
    if (first.opcode === CONTINUATION) throw new Departure('a frame of the client continues nothing (section 5.4)')
    const pieces = [first.payload]
    let last = first
    while (!last.fin) {
      if (!inPieces || first.opcode >= CLOSE) throw new Departure('a frame of the client is fragmented')
      last = await this.#readOne()
      if (last.opcode !== CONTINUATION) throw new Departure(`a frame with opcode ${last.opcode} is within a message`)
      if (last.rsv1) throw new Departure('RSV1 is set on a continuation (RFC 7692 section 6.1)')
      pieces.push(last.payload)
    }
    return {
      opcode: first.opcode,
      rsv1: first.rsv1,
      payload: pieces.length === 1 ? first.payload : Buffer.concat(pieces),
    }
  }

  /** Expects the client's FIN, and nothing before it. */
  async readEnd(): Promise<void> {
    while (!this.#ended && this.#available === 0) {
      if (this.#over !== undefined) throw this.#over
      await this.#more()
    }
    if (this.#available > 0) {
      const bytes = Buffer.concat(this.#chunks).subarray(0, 32).toString('hex')
      throw new Departure(`${this.#available} more bytes come from the client: ${bytes}`)
    }
  }

  /** Waits until the client has ended or dropped the connection. */
  async readDrop(): Promise<void> {
    while (!this.#ended && this.#over === undefined) await this.#more()
  }

  /** Sends a FIN. */
  end(): void {
    this.#socket.end()
  }

  /** Drops the connection with a TCP RST. */
  reset(): void {
    this.#socket.resetAndDestroy()
  }

  /** Drops the connection; whoever still reads gets that error. */
  giveUp(error: Error): void {
    this.#over ??= error
    this.#socket.destroy()
    this.#wake?.()
  }

  #write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.write(bytes, error => {
        if (error) reject(this.#over ?? new Departure(`the client does not read any more: ${error.message}`))
        else resolve()
      })
    })
  }

  async #readOne(): Promise<ClientFrame & { readonly fin: boolean }> {
    const head = await this.#take(2)
    const opcode = head[0]! & 0x0f
    const rsv = head[0]! & 0x70
    if (this.#closeSeen && opcode !== PONG) {
      throw new Departure(`a frame with opcode ${opcode} follows the Close frame (section 5.5.1)`)
    }
    if ((rsv & 0x30) !== 0) throw new Departure('a reserved bit is set (section 5.2)')
    if ((head[1]! & 0x80) === 0) throw new Departure('a frame is not masked (section 5.1)')
    const length = await this.#readLength(head[1]! & 0x7f)
    if (opcode >= CLOSE && length > 125) throw new Departure('a control frame is longer than 125 bytes (section 5.5)')

    const key = await this.#take(4)
    if (key.toString('hex') === this.#lastKey) throw new Departure('a masking key is used twice (section 5.3)')
    this.#lastKey = key.toString('hex')
    const payload = await this.#take(length)
    for (let index = 0; index < length; index++) payload[index] = payload[index]! ^ key[index & 3]!
    this.#closeSeen ||= opcode === CLOSE
    return { opcode, rsv1: rsv !== 0, payload, fin: (head[0]! & 0x80) !== 0 }
  }

  async #readLength(short: number): Promise<number> {
    if (short < 126) return short
    const bytes = await this.#take(short === 126 ? 2 : 8)
    const length = short === 126 ? bytes.readUInt16BE() : Number(bytes.readBigUInt64BE())
    if (length < (short === 126 ? 126 : 65536)) throw new Departure('a length is not encoded minimally (section 5.2)')
    return length
  }

  async #take(count: number): Promise<Buffer> {
    while (this.#available < count) {
      if (this.#over !== undefined) throw this.#over
      if (this.#ended) throw new Departure('the client ends the connection')
      await this.#more()
    }
    this.#available -= count
    const first = this.#chunks[0]
    if (first !== undefined && first.length > count) {
      this.#chunks[0] = first.subarray(count)
      return first.subarray(0, count)
    }
    const taken: Buffer[] = []
    let missing = count
    while (missing > 0) {
      const chunk = this.#chunks.shift()!
      taken.push(chunk.length > missing ? chunk.subarray(0, missing) : chunk)
      if (chunk.length > missing) this.#chunks.unshift(chunk.subarray(missing))
      missing -= Math.min(missing, chunk.length)
    }
    return Buffer.concat(taken)
  }

  #more(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve
    })
  }
}
