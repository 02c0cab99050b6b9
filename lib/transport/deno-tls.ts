import { connect as connectTcp, type Socket, type TcpNetConnectOpts } from 'node:net'
import { Duplex } from 'node:stream'
import { connect } from 'node:tls'

/**
 * Opens TLS in Deno. Its node:tls takes in all that comes while it is paused, without bound and unfelt by the peer. Here
 * it reads from a stream of ours, which holds the TCP connection up for as long as the TLS socket is paused.
 *
 * @param options of `net.connect`
 * @param tlsOptions of `tls.connect`
 * @returns a TLSSocket; a type that programs for other hosts do not know
 */
export function connectTlsOverTcp(options: object, tlsOptions: object): object {
  const { onread, ...tcpOptions } = options as TcpNetConnectOpts
  const tcp = connectTcp(tcpOptions)
  const ciphertext = new Ciphertext(tcp)
  // The type asks for more than is used: a stream will do, says the documentation.
  const socket = connect({ ...tlsOptions, socket: ciphertext as Duplex as Socket })
  // Over a stream, `onread` itself does nothing. What the socket holds it gives out even when it was destroyed.
  socket.on('data', (bytes: Uint8Array) => {
    if (!socket.destroyed && !onread!.callback(bytes.length, bytes)) socket.pause()
  })
  // Paused from the start, it still has to read what the handshake needs.
  socket.once('secureConnect', () => {
    socket.on('pause', () => ciphertext.hold())
    socket.on('resume', () => ciphertext.letGo())
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

/** What goes over a TCP connection; nothing is read from it while it is held, whoever asks for more. */
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

  letGo(): void {
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
