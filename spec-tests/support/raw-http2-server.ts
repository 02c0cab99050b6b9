import { type AddressInfo, createServer, type Socket } from 'node:net'
import { Queue } from './ws-server.ts'

/*
 * A server that sends whatever frames of HTTP/2 a test wants (RFC 9113 section 4.1). It answers SETTINGS and PING by itself.
 */

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

export const DATA = 0
export const HEADERS = 1
export const RST_STREAM = 3
export const SETTINGS = 4
export const PUSH_PROMISE = 5
const PING = 6
export const GOAWAY = 7

export const END_STREAM = 1
const ACK = 1
export const END_HEADERS = 4

/** The field block of a response with status 200: an entry of HPACK's static table (RFC 7541 appendix A). */
export const STATUS_200: Buffer = Buffer.of(0x88)
/** The settings that allow extended CONNECT (RFC 8441 section 3). */
export const ENABLE_CONNECT_PROTOCOL: Buffer = Buffer.of(0, 8, 0, 0, 0, 1)

export function uint32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, index) => void bytes.writeUInt32BE(value, 4 * index))
  return bytes
}

export interface Http2Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** A connection of a client. */
export class RawHttp2Peer {
  readonly socket: Socket
  readonly #frames = new Queue<Http2Frame>()
  #bytes = Buffer.alloc(0)
  #begun = false
  readonly #answers: boolean

  /** @param answers whether SETTINGS and PING are answered */
  constructor(socket: Socket, answers: boolean) {
    this.socket = socket
    this.#answers = answers
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('data', bytes => {
      this.#bytes = Buffer.concat([this.#bytes, bytes])
      this.#read()
    })
  }

  /** The next frame of a type; others are dropped. */
  async frame(type: number): Promise<Http2Frame> {
    for (;;) {
      const frame = await this.#frames.next()
      if (frame.type === type) return frame
    }
  }

  send(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): void {
    const header = Buffer.alloc(9)
    header.writeUIntBE(payload.length, 0, 3)
    header[3] = type
    header[4] = flags
    header.writeUInt32BE(stream, 5)
    this.socket.write(Buffer.concat([header, payload]))
  }

  #read(): void {
    if (!this.#begun) {
      if (this.#bytes.length < PREFACE.length) return
      this.#begun = true
      this.#bytes = this.#bytes.subarray(PREFACE.length)
    }
    while (this.#bytes.length >= 9) {
      const end = 9 + this.#bytes.readUIntBE(0, 3)
      if (this.#bytes.length < end) return
      const [type, flags] = [this.#bytes[3]!, this.#bytes[4]!]
      const payload = this.#bytes.subarray(9, end)
      const frame = { type, flags, stream: this.#bytes.readUInt32BE(5), payload }
      this.#bytes = this.#bytes.subarray(end)
      if (this.#answers && (type === SETTINGS || type === PING) && flags !== ACK)
        this.send(type, ACK, 0, type === PING ? payload : undefined)
      this.#frames.push(frame)
    }
  }
}

export interface RawHttp2Server {
  readonly url: string
  /** Connections so far. */
  readonly connections: number
  accept(): Promise<RawHttp2Peer>
  close(): Promise<void>
}

/** @param settings the payload of the first SETTINGS frame; null sends none */
export async function startRawHttp2Server(settings: Buffer | null): Promise<RawHttp2Server> {
  const peers = new Queue<RawHttp2Peer>()
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    const peer = new RawHttp2Peer(socket, settings !== null)
    if (settings !== null) peer.send(SETTINGS, 0, 0, settings)
    peers.push(peer)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    get connections() {
      return sockets.size
    },
    accept: () => peers.next(),
    async close() {
      const closed = new Promise(resolve => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
