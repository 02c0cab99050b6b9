import type { Socket, TcpNetConnectOpts } from 'node:net'
import type { Duplex } from 'node:stream'
import { shielded } from '../host/shielded-options.ts'
import { net, stream, tls } from '../platform/builtins.ts'
import type { NodeStream } from './pipe.ts'

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
  const tcp = net().connect(shielded(tcpOptions))
  tcp.once('connect', () => onTcp(tcp))
  const socket = tlsOverStream(openCiphertext(tcp), tlsOptions, onread?.callback) as Socket
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
export interface Ciphertext {
  /** A Duplex of Node.js. */
  readonly duplex: object
  hold(): void
  release(): void
}

/**
 * Opens TLS over a stream, which is held while the TLS socket is paused.
 *
 * @param onRead as of the option `onread` of `net.connect`. Without it, nothing is read
 * @returns a TLSSocket
 */
export function tlsOverStream(ciphertext: Ciphertext, tlsOptions: object, onRead: OnRead | undefined): object {
  // The type asks for a Socket, but the documentation of `tls.connect` allows any stream.
  const socket = tls().connect(shielded({ ...tlsOptions, socket: ciphertext.duplex as Duplex as Socket }))
  // Over a stream, the option `onread` has no effect.
  if (onRead !== undefined) passData(socket, onRead)
  // Not before: the socket is paused from the start, and the handshake must still be read.
  socket.once('secureConnect', () => {
    socket.on('pause', () => ciphertext.hold())
    socket.on('resume', () => ciphertext.release())
  })
  return socket
}

export type OnRead = (length: number, bytes: Uint8Array) => boolean

/** Passes what a socket reads to the callback of an option `onread`. */
export function passData(socket: NodeStream, onRead: OnRead): void {
  // A destroyed socket still emits the bytes that it holds; they are ignored.
  socket.on('data', (bytes: Uint8Array) => {
    if (!socket.destroyed && !onRead(bytes.length, bytes)) socket.pause()
  })
}

/** The bytes of a TCP connection as a stream. While it is held, nothing is read from TCP, even if TLS asks for more. */
function openCiphertext(tcp: Socket): Ciphertext {
  let held = false
  const { Duplex } = stream()
  const duplex = new Duplex({
    read() {
      if (!held) tcp.resume()
    },
    write(bytes: Uint8Array, _encoding, callback) {
      tcp.write(bytes, callback)
    },
    final(callback) {
      tcp.end(callback)
    },
    destroy(error, callback) {
      tcp.destroy()
      callback(error)
    },
  })
  tcp.on('data', bytes => {
    if (!duplex.push(bytes)) tcp.pause()
  })
  tcp.on('end', () => duplex.push(null))
  tcp.on('error', error => duplex.destroy(error))
  tcp.on('close', () => duplex.destroy())
  return {
    duplex,
    hold() {
      held = true
      tcp.pause()
    },
    release() {
      held = false
      tcp.resume()
    },
  }
}
