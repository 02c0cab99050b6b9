import { createServer, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { acceptanceFor, acceptValueFor } from './acceptance.ts'
import { mask } from './mask.ts'

/*
 * A server that sends whatever bytes a test wants, for peers that break the rules. It knows just enough of RFC 6455 to
 * accept a handshake and to read a client's frames; nothing in it waits for a clock.
 */

export interface RawServerOptions {
  /** Makes the server speak TLS: PEM. */
  readonly tls?: { readonly key: string; readonly cert: string }
  /** The address to listen on. Default: 127.0.0.1. */
  readonly host?: string
}

export interface RawServer {
  readonly port: number
  /** `ws://` or `wss://`, with the address and port, and the path `/`. */
  readonly url: string
  /** TCP connections that came so far, with or without a request. */
  readonly accepted: number
  /** Drops all connections and stops. Rejects with the first error that a handler threw before this call. */
  close(): Promise<void>
}

/** The head of a client's request. */
export interface RawRequest {
  readonly method: string
  readonly target: string
  readonly version: string
  /** In the order of the wire, names as they were written. */
  readonly fields: ReadonlyArray<readonly [name: string, value: string]>
  /** All values of a field, whatever the case of its name. */
  values(name: string): string[]
  /** The head as it came, its empty line included. */
  readonly raw: string
}

/** A frame that a client sent. */
export interface RawFrame {
  readonly fin: boolean
  /** RSV1 to RSV3 as a number from 0 to 7; RSV1 is 4. */
  readonly rsv: number
  readonly opcode: number
  readonly masked: boolean
  /** The masking key; empty if the frame is not masked. */
  readonly key: Uint8Array
  /** The header as it came, masking key included. */
  readonly header: Uint8Array
  /** Unmasked. */
  readonly payload: Uint8Array
  /** The payload as UTF-8. */
  readonly text: string
}

/**
 * Starts a server that calls `handler` for each connection once its request head is whole. An error that the handler
 * throws drops the connection at once and comes out of `close()`.
 */
export async function startRawServer(
  handler: (peer: RawPeer) => unknown,
  options: RawServerOptions = {},
): Promise<RawServer> {
  const sockets = new Set<Socket>()
  const errors: unknown[] = []
  let accepted = 0
  let closing = false
  const server = createServer({ allowHalfOpen: true, noDelay: true }, tcp => {
    accepted++
    sockets.add(tcp)
    tcp.once('close', () => sockets.delete(tcp))
    void (async () => {
      const peer = new RawPeer(tcp, options.tls)
      if (await peer.readRequest()) await handler(peer)
    })().catch(error => {
      if (!closing) errors.push(error)
      tcp.destroy()
    })
  })
  const host = options.host ?? '127.0.0.1'
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, host, resolve)
  })
  const { port } = server.address() as { port: number }
  return {
    port,
    url: `${options.tls === undefined ? 'ws' : 'wss'}://${host.includes(':') ? `[${host}]` : host}:${port}/`,
    get accepted() {
      return accepted
    },
    async close() {
      closing = true
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
      if (errors.length > 0) throw errors[0]
    },
  }
}

/** One connection, seen from the server. */
export class RawPeer {
  request!: RawRequest
  /** The client sent its FIN (over TLS: its close_notify). Rejects if the connection closes without. */
  readonly ended: Promise<void>
  /** The connection is gone, both directions: after a FIN of the client, `end` is due. Tells the error, such as a reset. */
  readonly closed: Promise<{ error: Error | undefined }>

  readonly #tcp: Socket
  readonly #socket: Socket
  /** What has arrived and was not taken yet. Joined when it is taken, so that a long message is copied once. */
  #input: Buffer[] = []
  #inputLength = 0
  #over: Error | undefined
  /** Called when more has arrived, or nothing more can. */
  #wake: (() => void) | undefined
  #reading: Promise<unknown> = Promise.resolve()

  constructor(tcp: Socket, tls: RawServerOptions['tls']) {
    const socket = tls === undefined ? tcp : new TLSSocket(tcp, { isServer: true, ...tls })
    this.#tcp = tcp
    this.#socket = socket
    let failure: Error | undefined
    this.ended = new Promise((resolve, reject) => {
      socket.once('end', resolve)
      socket.once('close', () => reject(new Error('The connection closed without a FIN of the client')))
    })
    this.ended.catch(() => {})
    this.closed = new Promise(resolve => {
      socket.once('close', () => resolve({ error: failure }))
    })
    socket.on('error', error => {
      failure = error
    })
    if (socket !== tcp) tcp.on('error', () => {})
    socket.on('data', bytes => {
      this.#input.push(bytes)
      this.#inputLength += bytes.length
      this.#wake?.()
    })
    const over = (): void => {
      this.#over ??= failure ?? new Error('The client sends no more')
      this.#wake?.()
    }
    socket.once('end', over)
    socket.once('close', over)
  }

  /** Writes a 101 response that fits the request, with more header lines (no line ends) if given. */
  accept(...extraHeaderLines: string[]): Promise<void> {
    return this.write(this.acceptance(...extraHeaderLines))
  }

  /** The bytes that `accept` writes, to send them together with others, or changed. */
  acceptance(...extraHeaderLines: string[]): Buffer {
    return acceptanceFor(this.request.raw, ...extraHeaderLines)
  }

  /** What Sec-WebSocket-Accept has to be for this request (RFC 6455 section 4.2.2). */
  get acceptValue(): string {
    return acceptValueFor(this.request.values('sec-websocket-key')[0]!)
  }

  /** Writes any bytes; a string stands for its Latin-1 bytes. Resolves when the system has taken them. */
  write(bytes: string | Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const data = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
      this.#socket.write(data, error => (error ? reject(error) : resolve()))
    })
  }

  /** Builds a frame and writes it. */
  send(opcode: number, payload?: string | Uint8Array, options?: FrameOptions): Promise<void> {
    return this.write(frame(opcode, payload, options))
  }

  /** The next frame of the client. Rejects if the connection ends before it is whole. */
  readFrame(): Promise<RawFrame> {
    return this.#inTurn(async () => {
      // Awaits only what is missing: floods are read a frame at a time.
      if (this.#inputLength < 2) await this.#has(2)
      const start = this.#front(2)
      const masked = (start[1]! & 0x80) !== 0
      const short = start[1]! & 0x7f
      const extended = short === 126 ? 2 : short === 127 ? 8 : 0
      const headerLength = 2 + extended + (masked ? 4 : 0)
      if (this.#inputLength < headerLength) await this.#has(headerLength)
      const header = Buffer.from(this.#front(headerLength).subarray(0, headerLength))
      const length =
        extended === 2 ? header.readUInt16BE(2) : extended === 8 ? Number(header.readBigUInt64BE(2)) : short
      if (this.#inputLength < headerLength + length) await this.#has(headerLength + length)
      const end = headerLength + length
      const payload = Buffer.from(this.#front(end).subarray(headerLength, end))
      this.#drop(end)
      const key = header.subarray(2 + extended)
      if (masked) mask(payload, key)
      return {
        fin: (header[0]! & 0x80) !== 0,
        rsv: (header[0]! >>> 4) & 7,
        opcode: header[0]! & 0x0f,
        masked,
        key,
        header,
        payload,
        // Made when it is read: many tests send long messages, of which they look at the payload alone.
        get text() {
          return payload.toString('utf8')
        },
      }
    })
  }

  /** The next bytes of the client, whatever they are. */
  readBytes(count: number): Promise<Buffer> {
    return this.#inTurn(() => this.#take(count))
  }

  /** Everything that the client sends until its FIN. */
  readToEnd(): Promise<Buffer> {
    return this.#inTurn(async () => {
      await this.ended
      return this.#take(this.#inputLength)
    })
  }

  /** Stops reading, so that the client feels backpressure; `resume` goes on. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Sends what was written, then a FIN. */
  end(): void {
    this.#socket.end()
  }

  /** Drops the connection with a TCP RST. */
  reset(): void {
    this.#tcp.resetAndDestroy()
  }

  /** Drops the connection; what the system does then depends on what is unread. */
  destroy(): void {
    this.#socket.destroy()
  }

  /** For the server: reads the request head. False if the client goes before it is whole. */
  async readRequest(): Promise<boolean> {
    let end: number
    while ((end = this.#front(this.#inputLength).indexOf('\r\n\r\n')) < 0) {
      if (this.#over !== undefined) return false
      await this.#more()
    }
    const raw = (await this.#take(end + 4)).toString('latin1')
    const [requestLine, ...lines] = raw.slice(0, -4).split('\r\n')
    const [method = '', target = '', version = ''] = requestLine!.split(' ')
    const fields = lines.map(line => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), line.slice(colon + 1).trim()] as const
    })
    const values = (name: string): string[] =>
      fields.filter(([field]) => field.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
    this.request = { method, target, version, fields, values, raw }
    return true
  }

  /** Readers take turns, so that none gets a piece of another's frame. */
  #inTurn<T>(read: () => Promise<T>): Promise<T> {
    const result = this.#reading.then(read)
    this.#reading = result.catch(() => {})
    return result
  }

  async #take(count: number): Promise<Buffer> {
    await this.#has(count)
    const bytes = Buffer.from(this.#front(count).subarray(0, count))
    this.#drop(count)
    return bytes
  }

  /** Waits until so many bytes are there. */
  async #has(count: number): Promise<void> {
    while (this.#inputLength < count) {
      if (this.#over !== undefined) throw this.#over
      await this.#more()
    }
  }

  /** Takes away bytes that are in front. */
  #drop(count: number): void {
    if (count === 0) return
    const first = this.#input[0]!
    if (first.length === count) this.#input.shift()
    else this.#input[0] = first.subarray(count)
    this.#inputLength -= count
  }

  /** The input up to `count` bytes, which are there, and maybe more. No more chunks are joined than that takes: many may wait. */
  #front(count: number): Buffer {
    let joined = 0
    let length = 0
    while (length < count) length += this.#input[joined++]!.length
    if (joined > 1) this.#input.splice(0, joined, Buffer.concat(this.#input.slice(0, joined)))
    return this.#input[0] ?? Buffer.alloc(0)
  }

  #more(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve
    })
  }
}

/** How a frame is built where it shall not be as the RFC has it. */
export interface FrameOptions {
  /** Default true. */
  readonly fin?: boolean
  /** RSV1 to RSV3 as a number from 0 to 7; RSV1 is 4. Default 0. */
  readonly rsv?: number
  /** A masking key to mask with. Default: none, as a server has to. */
  readonly mask?: Uint8Array
  /** The bits that the length takes, the shortest possible by default. */
  readonly lengthBits?: 7 | 16 | 64
  /** The length that the header announces, instead of the payload's. */
  readonly length?: number | bigint
}

/** Opcodes (RFC 6455 section 5.2). */
export const CONTINUATION = 0x0
export const TEXT = 0x1
export const BINARY = 0x2
export const CLOSE = 0x8
export const PING = 0x9
export const PONG = 0xa

/** Builds a frame. A string stands for its UTF-8 bytes. */
export function frame(opcode: number, payload: string | Uint8Array = '', options: FrameOptions = {}): Buffer {
  // A copy where it is masked, which happens in place.
  const body = typeof payload === 'string' || options.mask !== undefined ? Buffer.from(payload) : payload
  const length = BigInt(options.length ?? body.length)
  const bits = options.lengthBits ?? (length < 126n ? 7 : length < 65536n ? 16 : 64)
  const head = Buffer.alloc(bits === 7 ? 2 : bits === 16 ? 4 : 10)
  head[0] = (options.fin === false ? 0 : 0x80) | ((options.rsv ?? 0) << 4) | opcode
  head[1] = bits === 7 ? Number(length) : bits === 16 ? 126 : 127
  if (bits === 16) head.writeUInt16BE(Number(length), 2)
  if (bits === 64) head.writeBigUInt64BE(length, 2)
  const key = options.mask
  if (key === undefined) return Buffer.concat([head, body])
  head[1] |= 0x80
  mask(body, key)
  return Buffer.concat([head, key, body])
}

/** The body of a Close frame. */
export function closeBody(code: number, reason: string | Uint8Array = ''): Buffer {
  const head = Buffer.alloc(2)
  head.writeUInt16BE(code)
  return Buffer.concat([head, Buffer.from(reason)])
}
