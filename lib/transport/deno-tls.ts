import { connect as connectTcp, type Socket, type TcpNetConnectOpts } from 'node:net'
import { Duplex } from 'node:stream'
import tls from 'node:tls'
import { shielded } from '../host/shielded-options.ts'

/**
 * Opens TLS in Deno. Its node:tls reads on while the socket is paused, without bound, so that the peer feels no backpressure.
 * Here it reads the ciphertext from a stream of ours, which stops reading from TCP while the TLS socket is paused.
 *
 * @param options for `net.connect`
 * @param tlsOptions for `tls.connect`
 * @param onTcp called with the socket of TCP when that is connected
 * @returns a TLSSocket. The type is unknown to programs for other hosts, so the declaration does not name it
 */
export function connectTlsOverTcp(options: object, tlsOptions: object, onTcp: (tcp: object) => void): object {
  const { onread, ...tcpOptions } = options as TcpNetConnectOpts
  const tcp = connectTcp(shielded(tcpOptions))
  tcp.once('connect', () => onTcp(tcp))
  const socket = tlsOverStream(new Ciphertext(tcp), tlsOptions, onread!.callback) as Socket
  socket.once('close', () => tcp.destroy())
  socket.ref = () => {
    tcp.ref()
    return socket
  }
  socket.unref = () => {
    tcp.unref()
    return socket
  }
  return socket
}

/** A stream of the bytes on the wire. While it is held, nothing is read from below, even if TLS asks for more. */
export interface HeldStream extends Duplex {
  hold(): void
  release(): void
}

/**
 * Opens TLS over a stream, which is held while the TLS socket is paused.
 *
 * @param ciphertext a `HeldStream`
 * @param onRead as of the option `onread` of `net.connect`
 * @returns a TLSSocket
 */
export function tlsOverStream(
  ciphertext: object,
  tlsOptions: object,
  onRead: (length: number, bytes: Uint8Array) => boolean,
): object {
  const stream = ciphertext as HeldStream
  // The type asks for a Socket, but the documentation of `tls.connect` allows any stream.
  const socket = tls.connect(shielded({ ...tlsOptions, socket: stream as Duplex as Socket }))
  // Over a stream, the option `onread` has no effect. A destroyed socket still emits what it holds, which is ignored.
  socket.on('data', (bytes: Uint8Array) => {
    if (!socket.destroyed && !onRead(bytes.length, bytes)) socket.pause()
  })
  // Not before: the socket is paused from the start, and the handshake must still be read.
  socket.once('secureConnect', () => {
    socket.on('pause', () => stream.hold())
    socket.on('resume', () => stream.release())
  })
  return socket
}

/** The bytes of a TCP connection as a stream. While it is held, nothing is read from TCP, even if TLS asks for more. */
class Ciphertext extends Duplex {
  readonly #tcp: Socket
  #held = false

  constructor(tcp: Socket) {
    super()
    this.#tcp = tcp
    tcp.on('data', bytes => {
      if (!this.push(bytes)) tcp.pause()
    })
    tcp.on('end', () => this.push(null))
    tcp.on('error', error => this.destroy(error))
    tcp.on('close', () => this.destroy())
  }

  hold(): void {
    this.#held = true
    this.#tcp.pause()
  }

  release(): void {
    this.#held = false
    this.#tcp.resume()
  }

  override _read(): void {
    if (!this.#held) this.#tcp.resume()
  }

  override _write(bytes: Uint8Array, _encoding: string, callback: (error?: Error | null) => void): void {
    this.#tcp.write(bytes, callback)
  }

  override _final(callback: () => void): void {
    this.#tcp.end(callback)
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#tcp.destroy()
    callback(error)
  }
}
