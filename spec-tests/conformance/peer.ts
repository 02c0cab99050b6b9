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
  /** Makes the error of whoever still reads, as soon as nothing can come any more: each connection ends, few are read then. */
  #over: (() => Error) | undefined
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
        this.#over ??= () => new Departure('the connection is closed')
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
    let end: number
    while ((end = Buffer.concat(this.#chunks).indexOf('\r\n\r\n')) < 0) await this.#has(this.#available + 1)
    return (await this.#take(end + 4)).toString('latin1')
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
      if (this.#over !== undefined) throw this.#over()
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
  giveUp(reason: string): void {
    this.#over ??= () => new Departure(reason)
    this.#socket.destroy()
    this.#wake?.()
  }

  #write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.write(bytes, error => {
        if (error) reject(this.#over?.() ?? new Departure(`the client does not read any more: ${error.message}`))
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
    unmask(payload, key)
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

  /** Waits until so many bytes are there. */
  async #has(count: number): Promise<void> {
    while (this.#available < count) {
      if (this.#over !== undefined) throw this.#over()
      if (this.#ended) throw new Departure('the client ends the connection')
      await this.#more()
    }
  }

  async #take(count: number): Promise<Buffer> {
    if (this.#available < count) await this.#has(count)
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

/** In place; four bytes at a time, since long messages are many bytes. */
function unmask(payload: Buffer, key: Buffer): void {
  let start = 0
  if (payload.byteOffset % 4 === 0) {
    const words = new Uint32Array(payload.buffer, payload.byteOffset, payload.length >>> 2)
    const word = new Uint32Array(Uint8Array.from(key).buffer)[0]!
    for (let index = 0; index < words.length; index++) words[index]! ^= word
    start = words.length * 4
  }
  for (let index = start; index < payload.length; index++) payload[index]! ^= key[index & 3]!
}
