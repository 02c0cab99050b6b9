import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { startWorkerd, type WorkerOptions } from '../../scripts/runtimes/workerd.ts'
import { makeAuthority, makeCertificate } from '../support/certificates.ts'
import { readDocuments } from '../support/documents.ts'
import { root } from '../support/root.ts'
import { ensureRuntime, INSTALL_LIMIT } from '../support/runtimes.ts'
import { bundleText, bundleWorker, startWorker, type TestWorker } from '../support/worker.ts'
import { type Peer, Queue, type TestServer, useLoopback } from '../support/ws-server.ts'

/* The entry of workerd, in workerd itself. */

/** The modes of workerd: without and with the modules of Node.js, and what a worker of long ago gets. */
const modes: readonly (Omit<WorkerOptions, 'source'> & { readonly name: string; readonly compresses: boolean })[] = [
  { name: 'with the flag nodejs_compat', compatibilityFlags: ['nodejs_compat'], compresses: true },
  { name: 'without flags', compresses: false },
  { name: 'in the mode of 2023', compatibilityDate: '2023-07-10', compresses: false },
]

const DIFFERENT_REQUEST = 'Cannot perform I/O on behalf of a different request'

for (const { name, compresses, ...options } of modes) {
  describe(`workerd ${name}`, function () {
    this.timeout(60_000)
    const loopback = useLoopback()
    let worker: TestWorker

    before(async function () {
      this.timeout(INSTALL_LIMIT)
      worker = await startWorker({ ...options, source: await bundleWorker('workerd-program') })
    })

    after(() => worker.stop())

    /** A server that answers each message with itself. */
    async function serveEcho(): Promise<TestServer> {
      const server = await loopback.serve({ perMessageDeflate: { threshold: 0 } })
      void (async () => {
        for (;;) echo(await server.accept())
      })()
      return server
    }

    it('exchanges text, binary data and Blobs, compressed where there is zlib', async () => {
      const { url } = await serveEcho()
      const received = ['Grüße 👋', [1, 2, 3], [97, 98, 99], [true, 'A']]
      const closed = [3000, 'done', true]
      const extensions = compresses ? 'permessage-deflate' : ''
      expect(await worker.call('exchange', url)).to.deep.equal({ received, extensions, closed })
      const plain = await worker.call('exchange', url, { perMessageDeflate: false })
      expect(plain).to.deep.equal({ received, extensions: '', closed })
    })

    it('exchanges long messages, and tells when they have left', async () => {
      const { url } = await serveEcho()
      const wanted = { waiting: true, same: true, buffered: 0, closed: [3000, 'done', true] }
      expect(await worker.call('long', url, 2 ** 21)).to.deep.equal(wanted)
      expect(await worker.call('long', url, 2 ** 21, { perMessageDeflate: false })).to.deep.equal(wanted)
    })

    it('calls each handler once, in its place among the listeners', async () => {
      const { url } = await serveEcho()
      const first = ['first listener', 'handler true true true', 'last listener']
      const again = ['first listener', 'handler true false true', 'last listener']
      expect(await worker.call('events', url)).to.deep.equal({
        log: [...first, ...again, 'first listener', 'last listener', 'message true true', 'close true true'],
        isHostTarget: true,
      })
    })

    it('runs the microtasks of each event before the next event', async () => {
      const server = await loopback.serve()
      const log = worker.call('turns', server.url, 1000)
      const { socket } = await server.accept()
      const numbers = Array.from({ length: 1000 }, (_, index) => String(index))
      for (const number of numbers) socket.send(number)
      expect(await log).to.deep.equal(numbers.flatMap(number => [number, `after ${number}`]))
    })

    it('sends pings', async () => {
      const server = await loopback.serve()
      const answered = worker.call('ping', server.url)
      expect((await (await server.accept()).ping()).toString()).to.equal('payload')
      expect(await answered).to.be.at.least(0)
    })

    it('has a WebSocketStream', async () => {
      const { url } = await serveEcho()
      const received = [...Array.from({ length: 100 }, (_, index) => String(index)), 5]
      const closed = { closeCode: 3001, reason: 'done' }
      expect(await worker.call('stream', url, 100)).to.deep.equal({ received, closed })
    })

    it('has many sockets in one request, which connect one after the other', async () => {
      const server = await serveEcho()
      const wanted = Array.from({ length: 20 }, (_, index) => [String(index), 3000, 'done', true])
      expect(await worker.call('many', server.url, 20)).to.deep.equal(wanted)
      const silent = await loopback.serveRaw()
      const failing = worker.call('two', silent.url)
      const peer = await silent.accept()
      // The second one connects once the first is open.
      expect(silent.accepted).to.equal(1)
      await peer.accept()
      const other = await silent.accept()
      await other.accept()
      expect(await failing).to.equal('both open')
    })

    it('runs the example of docs/hosts.md', async () => {
      const { url } = await serveEcho()
      const { blocks } = readDocuments(root).find(({ path }) => path === 'docs/hosts.md')!
      const example = blocks.find(({ language }) => language === 'javascript')!.text
      const source = await bundleText(example.replace('wss://echo.example/', url))
      const running = await startWorkerd(await ensureRuntime('workerd'), { ...options, source })
      loopback.afterwards(running.stop)
      expect(await running.request('/')).to.equal('Hello')
    })

    it('takes a transport of the caller', async () => {
      const { port } = await serveEcho()
      expect(await worker.call('overStreams', port)).to.deep.equal(['over streams', 3000, 'done', true])
    })

    it('tells why there is no connection', async () => {
      const refused = await worker.call('fails', 'ws://127.0.0.1:2/')
      expect(refused).to.deep.include({ code: 1006, failure: 'WS_ERR_CONNECT' })
      const unreachable = await worker.call('fails', 'ws://name.invalid/')
      expect(unreachable).to.deep.include({ code: 1006, failure: 'WS_ERR_CONNECT' })
      const silent = await loopback.serveRaw()
      expect(await worker.call('fails', silent.url, { handshakeTimeout: 100 })).to.deep.equal({
        code: 1006,
        failure: 'WS_ERR_HANDSHAKE_TIMEOUT',
        message: 'The opening handshake did not complete within 100 ms ("handshakeTimeout")',
      })
      const aborted = await worker.call('fails', silent.url, { aborts: true })
      expect(aborted).to.deep.include({ code: 1006, failure: 'WS_ERR_ABORTED' })
      const ipv6 = await loopback.serve({ host: '::1', verifyClient: () => false })
      expect(await worker.call('fails', ipv6.url)).to.deep.include({ failure: 'WS_ERR_UNEXPECTED_STATUS' })
    })

    it('drops a connection', async () => {
      const server = await loopback.serve()
      const code = worker.call('terminate', server.url)
      const peer = await server.accept()
      expect(await peer.closed).to.deep.equal({ code: 1006, reason: '' })
      expect(await code).to.equal(1006)
    })

    if (compresses) {
      it('runs listeners in the async context of their own socket', async () => {
        const { url } = await serveEcho()
        expect(await worker.call('contexts', url, 500)).to.deep.equal([])
      })
    }

    describe('with several requests', () => {
      it('opens no socket where there is no request', async () => {
        expect(await worker.call('atLoad')).to.match(/^Error: Disallowed operation called within global scope/)
      })

      it('serves them at the same time', async () => {
        const { url } = await serveEcho()
        const calls = Array.from({ length: 8 }, (_, index) => worker.call('many', url, 3 + index))
        for (const [index, result] of (await Promise.all(calls)).entries()) {
          const wanted = Array.from({ length: 3 + index }, (_, number) => [String(number), 3000, 'done', true])
          expect(result).to.deep.equal(wanted)
        }
      })

      it('goes on after requests that have ended in the middle of everything', async () => {
        const { url } = await serveEcho()
        const burst = await loopback.serve()
        const silent = await loopback.serveRaw()
        const left = worker.call('leave', burst.url, silent.url)
        const { socket } = await burst.accept()
        for (let number = 0; number < 1000; number++) socket.send(String(number))
        expect(await left).to.equal(1)
        expect(await worker.call('many', url, 3)).to.have.length(3)
        // The one that was left connecting is in nobody's way.
        expect(await worker.call('fails', silent.url, { handshakeTimeout: 100 })).to.deep.include({
          message: 'The opening handshake did not complete within 100 ms ("handshakeTimeout")',
        })
      })

      it('lets none use the sockets of another, which live on', async () => {
        const { url } = await serveEcho()
        const meanwhile = await serveHttp()
        loopback.afterwards(meanwhile.close)
        const held = worker.call('hold', url, meanwhile.url)
        const asked = await meanwhile.next()
        const { readyState, ...calls } = (await worker.call('steal')) as Record<string, unknown>
        for (const [call, outcome] of Object.entries(calls)) expect(outcome, call).to.include(DIFFERENT_REQUEST)
        expect(readyState).to.equal(1)
        expect(await worker.call('many', url, 2)).to.have.length(2)
        asked.end()
        expect(await held).to.deep.equal(['still here', 3000, 'done', true])
      })
    })
  })
}

describe('workerd over TLS', function () {
  this.timeout(60_000)
  const loopback = useLoopback()
  let worker: TestWorker
  let tls: { key: string; cert: string }

  before(async function () {
    this.timeout(INSTALL_LIMIT)
    const authority = await makeAuthority()
    tls = await makeCertificate({ authority, names: ['localhost'], addresses: [] })
    worker = await startWorker({
      source: await bundleWorker('workerd-program'),
      trustedCertificates: [authority.cert],
    })
  })

  after(() => worker.stop())

  async function serveEcho(key: typeof tls): Promise<TestServer> {
    const server = await loopback.serve({ tls: key })
    void (async () => {
      for (;;) echo(await server.accept())
    })()
    return server
  }

  it('exchanges messages with a server that it trusts', async () => {
    const { port } = await serveEcho(tls)
    const { closed } = (await worker.call('exchange', `wss://localhost:${port}/`)) as { closed: unknown }
    expect(closed).to.deep.equal([3000, 'done', true])
    const long = await worker.call('long', `wss://localhost:${port}/`, 2 ** 20)
    expect(long).to.deep.include({ same: true, buffered: 0 })
  })

  it('refuses a server that it does not trust, and one with another name', async () => {
    const stranger = await serveEcho(await makeCertificate({ names: ['localhost'] }))
    const untrusted = await worker.call('fails', `wss://localhost:${stranger.port}/`)
    expect(untrusted).to.deep.include({ code: 1006, failure: 'WS_ERR_CONNECT' })
    const { port } = await serveEcho(tls)
    const other = await worker.call('fails', `wss://127.0.0.1:${port}/`)
    expect(other).to.deep.include({ code: 1006, failure: 'WS_ERR_CONNECT' })
  })

  it('takes the name to verify from the option', async () => {
    const { port } = await serveEcho(tls)
    const url = `wss://127.0.0.1:${port}/`
    expect(await worker.call('exchange', url, { tls: { servername: 'localhost' } })).to.have.property('closed')
    const wrong = await worker.call('fails', `wss://localhost:${port}/`, { tls: { servername: 'other.test' } })
    expect(wrong).to.deep.include({ code: 1006, failure: 'WS_ERR_CONNECT' })
  })

  it('names an option that the runtime has no place for', async () => {
    const { port } = await serveEcho(tls)
    const refused = await worker.call('fails', `wss://localhost:${port}/`, { tls: { rejectUnauthorized: false } })
    expect(refused).to.deep.include({ failure: 'WS_ERR_CONNECT' })
    expect(refused).to.have.property('message').that.includes('"tls.rejectUnauthorized" has no effect here')
  })
})

function echo({ socket }: Peer): void {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
}

/** A server of HTTP whose responses the test ends. */
async function serveHttp(): Promise<{ url: string; next(): Promise<ServerResponse>; close(): Promise<void> }> {
  const asked = new Queue<ServerResponse>()
  const server = createServer((_request, response) => asked.push(response))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    next: () => asked.next(),
    close() {
      server.closeAllConnections()
      return new Promise(resolve => server.close(() => resolve()))
    },
  }
}
