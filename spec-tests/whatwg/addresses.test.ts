import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { failure, ping } from '#lib/entry/node.js'
import { makeAuthority, makeCertificate } from '../support/certificates.ts'
import { runNode, runProgram } from '../support/child.ts'
import { ensureRuntime, INSTALL_LIMIT } from '../support/runtimes.ts'
import { next, type ServeOptions, type TestServer, useLoopback } from '../support/ws-server.ts'

describe('Addresses', () => {
  const loopback = useLoopback()
  const families = [
    { address: '::1', family: 6 },
    { address: '127.0.0.1', family: 4 },
  ]

  /** A server on that address, on a port on which nobody else listens on the other one. */
  async function serveAlone(host: string, options: ServeOptions = {}): Promise<TestServer> {
    const other = families.find(({ address }) => address !== host)!.address
    for (let attempt = 0; attempt < 20; attempt++) {
      const server = await loopback.serve({ ...options, host })
      try {
        const probe = await loopback.serve({ host: other, port: server.port })
        await probe.close()
        return server
      } catch (error) {
        if ((error as { code?: string }).code !== 'EADDRINUSE') throw error
      }
    }
    throw new Error('There is no such port')
  }

  it('may be IPv6 literals', async () => {
    const server = await loopback.serve({ host: '::1' })
    const socket = await loopback.open(`ws://[0:0::1]:${server.port}/`)
    expect(socket.url).to.equal(`ws://[::1]:${server.port}/`)
    const peer = await server.accept()
    expect(peer.request.headers.host).to.equal(`[::1]:${server.port}`)
    peer.socket.send('text')
    expect((await next(socket, 'message')).origin).to.equal(`ws://[::1]:${server.port}`)
  })

  it('may be IPv6 literals over TLS, which the certificate has to be for', async () => {
    const authority = await makeAuthority()
    const server = await loopback.serve({ host: '::1', tls: await makeCertificate({ authority }) })
    const socket = await loopback.open(server.url, { tls: { ca: authority.cert } })
    await ping(socket)
    const other = await loopback.serve({
      host: '::1',
      tls: await makeCertificate({ authority, addresses: ['127.0.0.1'] }),
    })
    const refused = loopback.socket(other.url, { tls: { ca: authority.cert } })
    await next(refused, 'close')
    expect(failure(refused)!.cause).to.have.property('code', 'ERR_TLS_CERT_ALTNAME_INVALID')
  })

  describe('of a name with both families', () => {
    const { lookup } = dns

    function resolveTo(addresses: typeof families): void {
      dns.lookup = ((_name: string, _options: unknown, callback: (error: null, all: object) => void) => {
        setImmediate(callback, null, addresses)
      }) as unknown as typeof lookup
      syncBuiltinESMExports()
    }

    afterEach(() => {
      dns.lookup = lookup
      syncBuiltinESMExports()
    })

    for (const host of ['127.0.0.1', '::1']) {
      for (const addresses of [families, families.toReversed()]) {
        const order = addresses.map(({ address }) => address).join(', ')

        it(`are all tried: ${order}, where the server is on ${host} alone`, async () => {
          const server = await serveAlone(host)
          resolveTo(addresses)
          const socket = await loopback.open(`ws://both.test:${server.port}/`)
          await ping(socket)
          const peer = await server.accept()
          expect(peer.request.headers.host).to.equal(`both.test:${server.port}`)
          expect(peer.request.socket.localAddress).to.equal(host)
        })

        it(`are all tried over TLS: ${order}, where the server is on ${host} alone`, async () => {
          const authority = await makeAuthority()
          const server = await serveAlone(host, {
            tls: await makeCertificate({ authority, addresses: [], names: ['both.test'] }),
          })
          resolveTo(addresses)
          const socket = await loopback.open(`wss://both.test:${server.port}/`, { tls: { ca: authority.cert } })
          await ping(socket)
          expect((await server.accept()).request.socket.localAddress).to.equal(host)
        })
      }
    }

    it('are all told where none answers', async () => {
      const server = await loopback.serve()
      await server.close()
      resolveTo(families)
      const socket = loopback.socket(`ws://both.test:${server.port}/`)
      await next(socket, 'close')
      const { code, message, cause } = failure(socket)!
      expect(code).to.equal('WS_ERR_CONNECT')
      expect(cause).to.have.property('code', 'ECONNREFUSED')
      expect(message).to.match(/both\.test:\d+: .*ECONNREFUSED/)
      expect((cause as AggregateError).errors).to.have.lengthOf(2)
    })
  })

  for (const host of ['127.0.0.1', '::1']) {
    it(`of localhost are those of the loopback, whatever the resolver says: a server on ${host} alone`, async () => {
      const server = await serveAlone(host)
      const socket = await loopback.open(`ws://localhost:${server.port}/`)
      await ping(socket)
      const peer = await server.accept()
      expect(peer.request.headers.host).to.equal(`localhost:${server.port}`)
      expect(peer.request.socket.localAddress).to.equal(host)
    })
  }

  describe('of localhost, where the process does not try several addresses of a name', () => {
    const PROGRAM = `
      import { WebSocket, failure } from '#lib/entry/node.js'
      const socket = new WebSocket(process.argv[1])
      socket.onopen = () => { console.log('open'); socket.close() }
      socket.onerror = () => console.log(failure(socket).message)
    `
    for (const host of ['127.0.0.1', '::1']) {
      it(`are tried all the same: a server on ${host} alone`, async () => {
        const server = await serveAlone(host)
        const url = `ws://localhost:${server.port}/`
        const flags = ['--no-network-family-autoselection', '--input-type=module']
        const { output } = await runNode([...flags, '--eval', PROGRAM, '--', url])
        expect(output).to.equal('open\n')
      })
    }
  })

  for (const runtime of ['node', 'deno'] as const) {
    for (const name of ['localhost', 'both.test']) {
      it(`of ${name} are not given up while the process is busy: ${runtime}`, async function () {
        this.timeout(INSTALL_LIMIT)
        const file = fileURLToPath(new URL('./busy-client.js', import.meta.url))
        const { url } = await serveAlone('127.0.0.1')
        const executable = runtime === 'node' ? process.execPath : await ensureRuntime('deno')
        const flags = runtime === 'node' ? [] : ['run', '--allow-all', '--quiet', '--no-lock']
        const { output, errors } = await runProgram(executable, [...flags, file, url.replace('127.0.0.1', name)])
        expect({ output, errors }).to.deep.equal({ output: 'open\n', errors: '' })
      })
    }
  }
})
