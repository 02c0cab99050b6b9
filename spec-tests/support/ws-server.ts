import { createServer, type IncomingMessage } from 'node:http'
import { createServer as createSecureServer, type ServerOptions as TlsServerOptions } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { type ServerOptions, type WebSocket as ServerSocket, WebSocketServer } from 'ws'
import { failure, terminate, WebSocket } from '#lib/entry/node.js'
import { type RawPeer, type RawServerOptions, startRawServer } from './raw-server.ts'

/*
 * Well-behaved servers on loopback, and broken ones by way of the raw server, in a form that lets a test be written from
 * top to bottom: `accept()` gives the next connection, `message()` the next message. What was opened is closed after
 * each test.
 */

export interface ServeOptions extends ServerOptions {
  /** The address to listen on. Default: 127.0.0.1. */
  readonly host?: string
  /** Makes the server speak TLS. */
  readonly tls?: TlsServerOptions
  /** A port to listen on, where another server of the test has it on another address. Default: a free one. */
  readonly port?: number
}

export interface TestServer {
  readonly port: number
  /** With the path `/`, as the API serializes it. */
  readonly url: string
  /** The next connection, in the order in which their handshakes were done. */
  accept(): Promise<Peer>
  close(): Promise<void>
}

export interface RawTestServer {
  readonly port: number
  readonly url: string
  /** TCP connections so far, with or without a request. */
  readonly accepted: number
  /** The next connection that sent a whole request head. */
  accept(): Promise<RawPeer>
  close(): Promise<void>
}

export interface Received {
  readonly data: Buffer
  readonly isBinary: boolean
  /** As UTF-8. */
  readonly text: string
}

/** The server's side of a connection: what comes is kept until it is asked for. */
export class Peer {
  readonly socket: ServerSocket
  readonly request: IncomingMessage
  /** What the client's Close frame said: 1005 if it was empty, 1006 if there was none. */
  readonly closed: Promise<{ code: number; reason: string }>
  readonly #messages = new Queue<Received>()
  readonly #pings = new Queue<Buffer>()

  constructor(socket: ServerSocket, request: IncomingMessage) {
    this.socket = socket
    this.request = request
    socket.on('message', (data, isBinary) => {
      this.#messages.push({ data: data as Buffer, isBinary, text: data.toString() })
    })
    socket.on('ping', data => this.#pings.push(data))
    socket.on('error', () => {})
    this.closed = new Promise(resolve => {
      socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }))
    })
  }

  message(): Promise<Received> {
    return this.#messages.next()
  }

  /** The payload of the next ping. */
  ping(): Promise<Buffer> {
    return this.#pings.next()
  }
}

/** Hands out what was put in, in order, to who asks before or after. */
export class Queue<Item> {
  readonly #items: Item[] = []
  readonly #waiting: ((item: Item) => void)[] = []

  /** Items that nobody has asked for yet. */
  get length(): number {
    return this.#items.length
  }

  push(item: Item): void {
    const waiting = this.#waiting.shift()
    if (waiting === undefined) this.#items.push(item)
    else waiting(item)
  }

  next(): Promise<Item> {
    if (this.#items.length > 0) return Promise.resolve(this.#items.shift()!)
    return new Promise(resolve => this.#waiting.push(resolve))
  }
}

/** Starts a `ws` server on a port of its own. */
export async function startServer({
  host = '127.0.0.1',
  port = 0,
  tls,
  ...options
}: ServeOptions = {}): Promise<TestServer> {
  const http = tls === undefined ? createServer() : createSecureServer(tls)
  const connections = new Set<Socket>()
  http.on('connection', (socket: Socket) => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
  })
  const accepted = new Queue<Peer>()
  const server = new WebSocketServer({ ...options, server: http })
  server.on('connection', (socket, request) => accepted.push(new Peer(socket, request)))
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject)
    http.listen(port, host, resolve)
  })
  const actual = (http.address() as AddressInfo).port
  return {
    port: actual,
    url: `${tls === undefined ? 'ws' : 'wss'}://${host.includes(':') ? `[${host}]` : host}:${actual}/`,
    accept: () => accepted.next(),
    async close() {
      const closed = new Promise(resolve => http.close(resolve))
      for (const connection of connections) connection.destroy()
      await closed
    },
  }
}

export interface Loopback {
  serve(options?: ServeOptions): Promise<TestServer>
  serveRaw(options?: RawServerOptions): Promise<RawTestServer>
  /** Has a socket that the test made terminated after it. */
  track<Tracked extends WebSocket>(socket: Tracked): Tracked
  /** A new socket; its `open` is still to come. */
  socket(...args: ConstructorParameters<typeof WebSocket>): WebSocket
  /** A new socket that is open. */
  open(...args: ConstructorParameters<typeof WebSocket>): Promise<WebSocket>
  /** An open socket, and the other side of it. */
  pair(protocols?: ConstructorParameters<typeof WebSocket>[1]): Promise<{ socket: WebSocket; peer: Peer }>
  /** An open socket, and the bytes of the other side. */
  rawPair(protocols?: ConstructorParameters<typeof WebSocket>[1]): Promise<{ socket: WebSocket; peer: RawPeer }>
  /** Calls back after the test. */
  afterwards(cleanup: () => unknown): void
}

/** To be called within `describe`: what is opened by way of the result is closed after each test. */
export function useLoopback(): Loopback {
  let cleanups: (() => unknown)[] = []
  afterEach(async () => {
    const current = cleanups.reverse()
    cleanups = []
    for (const cleanup of current) await cleanup()
  })
  const loopback: Loopback = {
    async serve(options) {
      const server = await startServer(options)
      cleanups.push(server.close)
      return server
    },
    async serveRaw(options) {
      const accepted = new Queue<RawPeer>()
      const server = await startRawServer(peer => accepted.push(peer), options)
      cleanups.push(server.close)
      return {
        port: server.port,
        url: server.url,
        get accepted() {
          return server.accepted
        },
        accept: () => accepted.next(),
        close: server.close,
      }
    },
    track(socket) {
      cleanups.push(() => terminate(socket))
      return socket
    },
    socket: (...args) => loopback.track(new WebSocket(...args)),
    async open(...args) {
      const socket = loopback.socket(...args)
      await next(socket, 'open')
      return socket
    },
    async pair(protocols) {
      const server = await loopback.serve()
      const [socket, peer] = await Promise.all([loopback.open(server.url, protocols), server.accept()])
      return { socket, peer }
    },
    async rawPair(protocols) {
      const server = await loopback.serveRaw()
      const socket = loopback.socket(server.url, protocols)
      const peer = await server.accept()
      await Promise.all([next(socket, 'open'), peer.accept()])
      return { socket, peer }
    },
    afterwards(cleanup) {
      cleanups.push(cleanup)
    },
  }
  return loopback
}

/** The next event of that type. Rejects if the socket closes first, so that no test waits for what cannot come. */
export function next(socket: WebSocket, type: 'close'): Promise<CloseEventOf>
export function next(socket: WebSocket, type: 'message'): Promise<MessageEventOf>
export function next(socket: WebSocket, type: 'open' | 'error'): Promise<Event>
export function next(socket: WebSocket, type: 'open' | 'error' | 'message' | 'close'): Promise<any> {
  return new Promise((resolve, reject) => {
    const onEvent = (event: unknown): void => {
      socket.removeEventListener('close', onClose)
      resolve(event)
    }
    const onClose = ({ code, reason }: CloseEventOf): void => {
      socket.removeEventListener(type, onEvent)
      const cause = failure(socket)
      reject(new Error(`The socket closed with ${code} "${reason}" before its ${type} event`, { cause }))
    }
    socket.addEventListener(type, onEvent, { once: true })
    if (type !== 'close') socket.addEventListener('close', onClose, { once: true })
  })
}

type CloseEventOf = import('#lib/entry/node.js').CloseEvent
type MessageEventOf = import('#lib/entry/node.js').MessageEvent

/** The client has left: by a FIN, or by a reset because it had not read all. */
export function gone(peer: RawPeer): Promise<unknown> {
  return Promise.race([peer.ended.catch(() => {}), peer.closed])
}

/** Writes down each event as a line from now on: `open`, `message hello`, `error`, `close 1000 clean bye`. */
export function record(socket: WebSocket): string[] {
  const lines: string[] = []
  socket.addEventListener('open', () => lines.push('open'))
  socket.addEventListener('message', ({ data }) => lines.push(`message ${data}`))
  socket.addEventListener('error', () => lines.push('error'))
  socket.addEventListener('close', ({ code, reason, wasClean }) => {
    lines.push(`close ${code} ${wasClean ? 'clean' : 'unclean'}${reason === '' ? '' : ` ${reason}`}`)
  })
  return lines
}
