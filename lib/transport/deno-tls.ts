import { connect as connectTcp, type Socket, type TcpNetConnectOpts } from 'node:net'
import { Duplex } from 'node:stream'
import tls from 'node:tls'
import { shielded } from '../host/shielded-options.ts'
import type { NodeStream } from './pipe.ts'

/**
 * Opens TLS in Deno. Its node:tls reads on while the socket is paused, without bound, so that the peer feels no backpressure.
 * Here it reads the ciphertext from a stream of ours, which stops reading from TCP while the TLS socket is paused.
 *
 * @param options for `net.connect`
 * @param tlsOptions for `tls.connect`
 * @returns a TLSSocket. The type is unknown to programs for other hosts, so the declaration does not name it
 */
export function connectTlsOverTcp(options: object, tlsOptions: object): object {
  const { onread, ...tcpOptions } = options as TcpNetConnectOpts
  const tcp = connectTcp(shielded(tcpOptions))
  const ciphertext = new Ciphertext(tcp)
  // The type asks for a Socket, but the documentation of `tls.connect` allows any stream.
  const socket = tls.connect(shielded({ ...tlsOptions, socket: ciphertext as Duplex as Socket }))
  // Over a stream, the option `onread` has no effect.
  if (onread !== undefined) passData(socket, onread)
  // Not before: the socket is paused from the start, and the handshake must still be read.
  socket.once('secureConnect', () => {
    socket.on('pause', () => ciphertext.hold())
    socket.on('resume', () => ciphertext.release())
  })
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

/** Passes what a socket reads to the callback of an option `onread`. */
export function passData(socket: NodeStream, onread: object | undefined): void {
  const { callback } = onread as { callback(length: number, bytes: Uint8Array): boolean }
  // A destroyed socket still emits what it holds, which is ignored.
  socket.on('data', (bytes: Uint8Array) => {
    if (!socket.destroyed && !callback(bytes.length, bytes)) socket.pause()
  })
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
