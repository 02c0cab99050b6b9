import { createServer, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { askHttpProxy } from '#lib/transport/http-proxy.js'
import { connect } from '#lib/transport/node.js'
import type { Pipe } from '#lib/transport/pipe.js'
import { openTunnel } from '#lib/transport/proxy-pipe.js'
import { askSocks5 } from '#lib/transport/socks.js'
import { makeAuthority, makeCertificate } from '../support/certificates.ts'
import { socketFarEnd } from '../support/far-end.ts'
import type { TransportUnderTest } from '../support/transport-bench.ts'
import { testTransport } from './pipe-contract.ts'

/** The part of a proxy: answers what it is asked, and is the far end of the tunnel itself. */
interface ProxyPart {
  readonly name: string
  open(pipe: Pipe): Promise<Pipe>
  /** Answers on a socket that was accepted; resolves when the tunnel is open. */
  answer(socket: Socket): Promise<void>
}

const { signal } = new AbortController()

const http: ProxyPart = {
  name: 'a tunnel of an HTTP proxy',
  open: pipe => openTunnel(pipe, signal, proxy => askHttpProxy(proxy, 'host.test:80', [])),
  async answer(socket) {
    await taken(socket, 'CONNECT host.test:80 HTTP/1.1\r\nHost: host.test:80\r\n\r\n'.length)
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
  },
}

const socks: ProxyPart = {
  name: 'a tunnel of a SOCKS proxy',
  open: pipe => openTunnel(pipe, signal, proxy => askSocks5(proxy, '10.0.0.1', 80, undefined)),
  async answer(socket) {
    await taken(socket, 3)
    socket.write(Uint8Array.of(5, 0))
    await taken(socket, 10)
    socket.write(Uint8Array.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0))
  },
}

/** Reads that many bytes off a socket, and leaves the rest. */
function taken(socket: Socket, count: number): Promise<void> {
  return new Promise(resolve => {
    const onReadable = (): void => {
      if (socket.read(count) === null) return
      socket.off('readable', onReadable)
      resolve()
    }
    socket.on('readable', onReadable)
  })
}

function tunnelled(part: ProxyPart, overTls: boolean): TransportUnderTest {
  let cleanups: (() => unknown)[] = []
  let made: Promise<[server: { key: string; cert: string }, ca: string]> | undefined
  return {
    name: overTls ? `TLS over ${part.name}` : part.name,
    async cleanUp() {
      const current = cleanups.reverse()
      cleanups = []
      for (const cleanup of current) await cleanup()
    },
    async open(receive, early) {
      made ??= makeAuthority().then(async authority => [await makeCertificate({ authority }), authority.cert])
      const [certificate, ca] = await made
      let accept!: (socket: Socket) => void
      const accepted = new Promise<Socket>(resolve => {
        accept = resolve
      })
      const server = createServer({ allowHalfOpen: true, noDelay: true }, socket => {
        cleanups.push(() => socket.destroy())
        accept(socket)
      })
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
      cleanups.push(() => new Promise(resolve => server.close(resolve)))
      const { port } = server.address() as { port: number }
      const target = { host: '127.0.0.1', port, secure: false, url: '', signal }

      const opening = connect(target).then(pipe => part.open(pipe))
      const socket = await accepted
      await part.answer(socket)
      const plain = overTls ? socket : undefined
      const far = socketFarEnd(
        overTls ? new TLSSocket(socket, { isServer: true, ...certificate }) : socket,
        plain ?? socket,
      )
      if (early !== undefined) void far.write(early)
      const tunnel = await opening
      const network = { tunnel: { name: 'far', open: async () => tunnel } }
      receive(await connect({ ...target, host: 'localhost', secure: overTls }, { ca }, 0, network))
      return far
    },
  }
}

testTransport(tunnelled(http, false))
testTransport(tunnelled(socks, false))
testTransport(tunnelled(http, true))
