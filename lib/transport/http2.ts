import type { OnReadOpts, Socket } from 'node:net'
import { process } from '../host/node-process.ts'
import { shielded } from '../host/shielded-options.ts'
import { http2 } from '../platform/builtins.ts'
import { ConnectionError } from '../protocol/errors.ts'
import { type ConnectTarget, KEEP_ALIVE, originOf } from './connect.ts'
import { type OnRead, passData } from './deno-tls.ts'
import { Http2Connection } from './http2-connection.ts'
import { Http2Place } from './http2-exchange.ts'
import { Origin } from './http2-origin.ts'
import type { Http2Mode, Http2Session, Http2Way } from './http2-types.ts'
import type { Network } from './network.ts'
import { ANY_NETWORK, connect, connectSocket, hasTls, pipeOver } from './node.ts'
import type { Pipe } from './pipe.ts'
import { tlsContexts } from './tls-contexts.ts'
import { HTTP_1_1, type TlsOptions } from './tls-options.ts'
import type { Trace } from './trace.ts'

/** Milliseconds after which a connection closes itself that no socket uses. */
const IDLE_TIMEOUT = 30_000
/** The receive window of one stream, in bytes: a message of 1 MiB arrives without a wait for our WINDOW_UPDATE. */
const STREAM_WINDOW = 1024 * 1024
/** The receive window of a whole connection, in bytes. Node.js opens it again as soon as bytes arrive, so a paused socket does not stop others. */
const CONNECTION_WINDOW = 16 * 1024 * 1024
/**
 * Megabytes that node:http2 may use for a connection. The backlog is bounded for each stream, so the default of 10 would
 * bound the number of streams.
 */
const SESSION_MEMORY = 64 * 1024
/** Most origins, with the same function `lookup`, whose connections and abilities are remembered. */
const MAX_ORIGINS = 1000

const HTTP_2 = 'h2'

/**
 * Deno calls `onread` also for the bytes of HTTP/2. There, and in tunnels, the bytes are listened for once HTTP/1.1 was
 * chosen.
 */
const KEEPS_ONREAD = process.versions.deno === undefined

/** Bun stops reading for good once a stream has used up its first window, if the window of the connection was set. */
const SETS_CONNECTION_WINDOW = process.versions.bun === undefined

/**
 * Opens a place for a socket on an HTTP/2 connection that it shares with others of the same origin and TLS options.
 *
 * @param tls for a secure target: what to trust and to show
 * @param keepAlive milliseconds after which the system probes an idle connection; 0 for never. The socket that opens a connection
 *   decides
 * @returns a pipe if the mode is `auto`, and HTTP/1.1 has to be spoken
 * @throws (rejects with) the system's error, the reason of the target's signal, or a ConnectionError if the mode is `only` and
 *   the server does not support this
 */
export function connectHttp2(
  target: ConnectTarget,
  mode: Http2Mode,
  tls?: TlsOptions,
  keepAlive?: number,
  network?: Network,
): Promise<Http2Way | Pipe> {
  return sharedConnections.open(target, mode, tls, keepAlive, network)
}

/** HTTP/2 connections, and what each server was found to support. */
export class Http2Connections {
  readonly #idleTimeout: number
  /** By the function that leads to the server, then by everything else. */
  readonly #origins = new WeakMap<object, Map<string, Origin>>()

  /** @param idleTimeout milliseconds after which a connection closes itself that no socket uses */
  constructor(idleTimeout: number = IDLE_TIMEOUT) {
    this.#idleTimeout = idleTimeout
  }

  async open(
    target: ConnectTarget,
    mode: Http2Mode,
    tls: TlsOptions | undefined,
    keepAlive: number = KEEP_ALIVE,
    network: Network = ANY_NETWORK,
  ): Promise<Http2Way | Pipe> {
    const { secure, signal } = target
    const { trace, tunnel } = network
    // With a tunnel, the address was checked when the tunnel was made.
    const allowAddress = tunnel === undefined ? network.allowAddress : undefined
    const isRuledOut = hasTls(target, tunnel) && tls?.ALPNProtocols !== undefined
    if (mode === 'only' && isRuledOut) throw unsupported('the option "tls.ALPNProtocols" leaves it out')
    // Without TLS, nothing tells whether a server speaks HTTP/2.
    if (mode === 'auto' && (isRuledOut || !secure)) return connect(target, tls, keepAlive, network)
    const origin = this.#originOf(target, tls, network)
    for (;;) {
      if (signal.aborted) throw signal.reason
      if (mode === 'auto' && origin.needsHttp1) return connect(target, tls, keepAlive, network)
      const connection = origin.find(allowAddress)
      if (connection !== undefined) {
        if (trace !== undefined) connection.tell(trace)
        return new Http2Place(connection, secure, () => {
          origin.needsHttp1 = true
          return mode === 'auto'
        })
      }
      const pipe = await origin.opened(mode, signal, trace, (whole, wholeTrace) => {
        // The caller's network may inherit its members.
        const traced = { __proto__: network, trace: wholeTrace } as TracedNetwork
        return this.#connect(origin, { ...target, signal: whole }, mode, tls, keepAlive, traced)
      })
      if (pipe !== undefined) return pipe
    }
  }

  #originOf(target: ConnectTarget, tls: TlsOptions = NO_OPTIONS, network: Network): Origin {
    const { lookup, family, localAddress, socketPath, noDelay, tunnel } = network
    const key = tunnel?.owner ?? lookup ?? NO_FUNCTION
    const origins = this.#origins.get(key) ?? new Map<string, Origin>()
    this.#origins.set(key, origins)
    const { host, port, secure } = target
    const by = tunnel && [tunnel.name, tunnel.tls && tlsContexts.get(tunnel.tls).id]
    const context = hasTls(target, tunnel) && tlsContexts.get(tls).id
    const name = JSON.stringify([host, port, secure, context, family, localAddress, socketPath, noDelay, by])
    const origin = origins.get(name) ?? new Origin()
    origins.set(name, origin)
    if (origins.size > MAX_ORIGINS) origins.delete(origins.keys().next().value!)
    return origin
  }

  /** Opens a connection and adds it to those of the origin. Returns a pipe if the server has chosen HTTP/1.1. */
  async #connect(
    origin: Origin,
    target: ConnectTarget,
    mode: Http2Mode,
    tls: TlsOptions | undefined,
    keepAlive: number,
    network: TracedNetwork,
  ): Promise<Pipe | undefined> {
    const { signal } = target
    const { tunnel } = network
    const secure = hasTls(target, tunnel)
    const http1 = pipeOver(secure)
    const keepsOnread = KEEPS_ONREAD && tunnel === undefined
    const opened = await connectSocket(target, tls, keepAlive, network, {
      protocols: mode === 'only' ? [HTTP_2] : [HTTP_2, HTTP_1_1],
      onread: keepsOnread && mode === 'auto' ? http1.onread : undefined,
      take: (socket: Http2Carrier) => {
        if (!secure || socket.alpnProtocol === HTTP_2) {
          const session = startSession(socket, target, tunnel)
          return new Http2Connection(session, socket, { ...network.trace }, this.#idleTimeout, keepAlive)
        }
        if (mode === 'only') return socket.destroy()
        if (!keepsOnread) passData(socket, (http1.onread as OnReadOpts).callback as OnRead)
        return http1.take(socket)
      },
    }).catch(error => {
      // An https: proxy may fail with the same error, in the step `proxy`.
      throw /^tls .*NO_APPLICATION_PROTOCOL/.test(`${network.trace.step} ${error.cause?.code}`)
        ? unsupported('the server does not speak it', error.cause)
        : error
    })
    if (opened instanceof Http2Connection) {
      network.trace.step = 'handshake'
      if (await opened.takesWebSockets(signal)) {
        origin.add(opened)
        return undefined
      }
      opened.close()
    }
    origin.needsHttp1 = true
    if (mode === 'only') throw unsupported('the server does not take WebSockets over it (RFC 8441)')
    return opened instanceof Http2Connection ? undefined : (opened as Pipe)
  }
}

/** Shared by all sockets of the process: that is what the connections are for. */
const sharedConnections = new Http2Connections()

const NO_OPTIONS: TlsOptions = Object.create(null)
/** Key of the connections of all sockets without a tunnel and without a `lookup` of the user's. */
const NO_FUNCTION = {}

function unsupported(reason: string, cause?: unknown): ConnectionError {
  return new ConnectionError('WS_ERR_HTTP2', `There is no WebSocket over HTTP/2 here: ${reason}`, { cause })
}

/** A socket of Node.js, maybe with TLS; in a tunnel without TLS a Duplex with no more than its methods `ref` and `unref`. */
type TracedNetwork = Network & { readonly trace: Trace }

type Http2Carrier = Socket & { readonly alpnProtocol?: unknown; servername?: string | false }

/** Speaks HTTP/2 over a socket that has just been connected. */
function startSession(socket: Http2Carrier, target: ConnectTarget, tunnel: Network['tunnel']): Http2Session {
  // node:http2 does not read a socket that is paused.
  socket.resume()
  // An IP address is no name in TLS. Deno then keeps an empty one, of which its http2 cannot make an origin; Node.js has false.
  if (socket.servername === '') socket.servername = false
  const session = http2().connect(
    originOf(target),
    shielded({
      createConnection: () => socket,
      maxSessionMemory: SESSION_MEMORY,
      // The number of fields has no limit of its own, beside that of 64 KiB for all of them. The default is 128.
      maxHeaderListPairs: 64 * 1024,
      settings: shielded({ enablePush: false, initialWindowSize: STREAM_WINDOW }),
    }),
  )
  // In a tunnel, Node.js puts a socket of its own before the stream, which ends as soon as the other side does.
  session.socket.allowHalfOpen = true
  // An alert of TLS, such as for the lack of a client certificate, ends in Node.js neither the socket nor the session.
  socket.on('error', error => {
    session.destroy(error)
    socket.destroy()
  })
  // Node.js 20.19.0 destroys the session only after the streams of a lost connection have closed.
  socket.on('close', () => session.destroy())
  session.once('connect', () => {
    if (SETS_CONNECTION_WINDOW && !session.destroyed) session.setLocalWindowSize(CONNECTION_WINDOW)
  })
  if (tunnel) Object.assign(session, { ref: () => socket.ref(), unref: () => socket.unref() })
  return session as Http2Session
}
