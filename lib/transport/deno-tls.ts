import type { Socket, TcpNetConnectOpts } from 'node:net'
import type { Duplex } from 'node:stream'
import { shielded } from '../host/shielded-options.ts'
import { net, stream, tls } from '../platform/builtins.ts'

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
  const tcp = net().connect(shielded(tcpOptions))
  const ciphertext = openCiphertext(tcp)
  // The type asks for a Socket, but the documentation of `tls.connect` allows any stream.
  const socket = tls().connect(shielded({ ...tlsOptions, socket: ciphertext.duplex as Socket }))
  // Over a stream, the option `onread` has no effect. A destroyed socket still emits what it holds, which is ignored.
  socket.on('data', (bytes: Uint8Array) => {
    if (!socket.destroyed && !onread!.callback(bytes.length, bytes)) socket.pause()
  })
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

/** The bytes of a TCP connection as a stream. While it is held, nothing is read from TCP, even if TLS asks for more. */
function openCiphertext(tcp: Socket): { readonly duplex: Duplex; hold(): void; release(): void } {
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
