import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { ACK, type Http2Frame, Http2FrameReader, http2Frame, PING, SETTINGS } from './http2-frames.ts'
import { Queue } from './ws-server.ts'

/*
 * A server that sends whatever frames of HTTP/2 a test wants (RFC 9113 section 4.1). It answers SETTINGS and PING by itself.
 */

/** The field block of a response with status 200: an entry of HPACK's static table (RFC 7541 appendix A). */
export const STATUS_200: Buffer = Buffer.of(0x88)
/** The settings that allow extended CONNECT (RFC 8441 section 3). */
export const ENABLE_CONNECT_PROTOCOL: Buffer = Buffer.of(0, 8, 0, 0, 0, 1)

/** A connection of a client. */
export class RawHttp2Peer {
  readonly socket: Socket
  readonly #frames = new Queue<Http2Frame>()
  readonly #reader = new Http2FrameReader('client')
  readonly #answers: boolean

  /** @param answers whether SETTINGS and PING are answered */
  constructor(socket: Socket, answers: boolean) {
    this.socket = socket
    this.#answers = answers
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('data', (bytes: Buffer) => this.#read(bytes))
  }

  /** The next frame of a type; others are dropped. */
  async frame(type: number): Promise<Http2Frame> {
    for (;;) {
      const frame = await this.#frames.next()
      if (frame.type === type) return frame
    }
  }

  send(type: number, flags: number, stream: number, payload?: Uint8Array): void {
    this.socket.write(http2Frame(type, flags, stream, payload))
  }

  #read(bytes: Buffer): void {
    for (const frame of this.#reader.read(bytes)) {
      const { type, flags, payload } = frame
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

/**
 * @param settings the payload of the first SETTINGS frame; null sends none
 * @param tls makes the server speak TLS
 */
export async function startRawHttp2Server(settings: Buffer | null, tls?: TlsOptions): Promise<RawHttp2Server> {
  const peers = new Queue<RawHttp2Peer>()
  const sockets = new Set<Socket>()
  const onConnection = (socket: Socket): void => {
    sockets.add(socket)
    const peer = new RawHttp2Peer(socket, settings !== null)
    if (settings !== null) peer.send(SETTINGS, 0, 0, settings)
    peers.push(peer)
  }
  const server = tls ? createTlsServer({ ...tls, ALPNProtocols: ['h2'] }, onConnection) : createServer(onConnection)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `${tls ? 'wss://localhost' : 'ws://127.0.0.1'}:${(server.address() as AddressInfo).port}/`,
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
