import { connect as connectTcp, createServer, type Socket } from 'node:net'
import { Duplex as NodeDuplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { expect } from 'chai'
import { duplexPipe } from '#lib/transport/duplex.js'
import { upgradeOver } from '#lib/transport/http1.js'
import { memoryPair } from '#lib/transport/memory.js'
import { connect } from '#lib/transport/node.js'
import { openNodeStream } from '#lib/transport/node-stream.js'
import type { Duplex, Pipe } from '#lib/transport/pipe.js'
import type { TlsOptions } from '#lib/transport/tls-options.js'
import { type Certificate, makeAuthority, makeCertificate } from '../support/certificates.ts'
import { type FarEnd, pipeFarEnd, socketFarEnd, streamsFarEnd } from '../support/far-end.ts'
import type { TransportUnderTest } from '../support/transport-bench.ts'
import { testTransport } from './pipe-contract.ts'

/** What a test has opened. */
class Opened {
  #cleanups: (() => unknown)[] = []

  add(cleanup: () => unknown): void {
    this.#cleanups.push(cleanup)
  }

  readonly cleanUp = async (): Promise<void> => {
    const cleanups = this.#cleanups.reverse()
    this.#cleanups = []
    for (const cleanup of cleanups) await cleanup()
  }
}

interface Listening {
  readonly port: number
  /** The far end of the next connection, and the socket it writes to. */
  readonly accepted: Promise<Socket>
}

/** A TCP server on loopback for one connection. */
async function listen(opened: Opened): Promise<Listening> {
  let accept!: (socket: Socket) => void
  const accepted = new Promise<Socket>(resolve => {
    accept = resolve
  })
  const server = createServer({ allowHalfOpen: true, noDelay: true }, socket => {
    opened.add(() => socket.destroy())
    accept(socket)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  opened.add(() => new Promise(resolve => server.close(resolve)))
  return { port: (server.address() as { port: number }).port, accepted }
}

function target(port: number, secure: boolean) {
  return { host: '127.0.0.1', port, secure, url: `ws://127.0.0.1:${port}/`, signal: new AbortController().signal }
}

function memory(): TransportUnderTest {
  return {
    name: 'memory',
    cleanUp: async () => {},
    async open(receive, early) {
      const [near, theirs] = memoryPair()
      const far = pipeFarEnd(theirs)
      if (early !== undefined) void far.write(early)
      receive(near)
      return far
    },
  }
}

function tcp(): TransportUnderTest {
  const opened = new Opened()
  return {
    name: 'node:net',
    cleanUp: opened.cleanUp,
    async open(receive, early) {
      const { port, accepted } = await listen(opened)
      const [pipe, socket] = await Promise.all([connect(target(port, false)), accepted])
      const far = socketFarEnd(socket)
      if (early !== undefined) await far.write(early)
      receive(pipe)
      return far
    },
  }
}

function tls(name = 'node:tls', open = connect): TransportUnderTest {
  const opened = new Opened()
  let made: Promise<[server: Certificate, options: TlsOptions]> | undefined
  return {
    name,
    cleanUp: opened.cleanUp,
    async open(receive, early) {
      made ??= makeAuthority().then(async authority => [await makeCertificate({ authority }), { ca: authority.cert }])
      const [certificate, options] = await made
      const { port, accepted } = await listen(opened)
      // The server speaks as soon as the handshake allows it to.
      const far = accepted.then(async tcp => {
        const socket = new TLSSocket(tcp, { isServer: true, ...certificate })
        const end = socketFarEnd(socket, tcp)
        if (early !== undefined) void end.write(early)
        return end
      })
      receive(await open(target(port, true), options))
      return far
    },
  }
}

/** As in Deno, whose own TLS cannot be paused. */
const connectAsInDeno: typeof connect = async (...parameters) => {
  const host = globalThis as { Deno?: object }
  host.Deno = {}
  try {
    return await connect(...parameters)
  } finally {
    delete host.Deno
  }
}

function transformStreams(): TransportUnderTest {
  return {
    name: 'a pair of TransformStreams',
    cleanUp: async () => {},
    async open(receive, early) {
      const outward = new TransformStream<Uint8Array, Uint8Array>()
      const inward = new TransformStream<Uint8Array, Uint8Array>()
      const far = streamsFarEnd(outward.readable, inward.writable)
      if (early !== undefined) void far.write(early)
      receive(duplexPipe({ readable: inward.readable, writable: outward.writable }))
      return far
    },
  }
}

function nodeStreamsToWeb(): TransportUnderTest {
  const opened = new Opened()
  return {
    name: 'node streams, toWeb',
    cleanUp: opened.cleanUp,
    // Node.js 20 tells the end of a half-open stream's readable side only when the writable one is over too.
    halfOpen: false,
    async open(receive, early) {
      const { port, accepted } = await listen(opened)
      const socket = connectTcp({ port, host: '127.0.0.1' })
      opened.add(() => socket.destroy())
      const far = socketFarEnd(await accepted)
      if (early !== undefined) await far.write(early)
      receive(duplexPipe(NodeDuplex.toWeb(socket) as unknown as Duplex))
      return far
    },
  }
}

/** A stream of Node.js as the option `connect` takes it, while it is still connecting. */
function nodeStream(): TransportUnderTest {
  const opened = new Opened()
  return {
    name: 'a stream of Node.js',
    cleanUp: opened.cleanUp,
    async open(receive, early) {
      const { port, accepted } = await listen(opened)
      const socket = connectTcp({ port, host: '127.0.0.1' })
      opened.add(() => socket.destroy())
      const [pipe, theirs] = await Promise.all([openNodeStream(socket, new AbortController().signal), accepted])
      const far = socketFarEnd(theirs)
      if (early !== undefined) await far.write(early)
      receive(pipe)
      return far
    },
  }
}

/** What is left of a transport's pipe when an HTTP/1.1 upgrade has gone over it. */
function upgraded(below: TransportUnderTest): TransportUnderTest {
  const head = 'HTTP/1.1 101 Switching Protocols\r\n\r\n'
  return {
    name: `HTTP/1.1 upgrade over ${below.name}`,
    cleanUp: below.cleanUp,
    startsLater: false,
    async open(receive, early = new Uint8Array(0)) {
      let far!: FarEnd
      let length = 0
      const request = { target: '/', headers: [['Host', 'in.test']] as const }
      await new Promise<void>((resolve, reject) => {
        const start = (pipe: Pipe): void => {
          upgradeOver(pipe)(request, {
            upgraded(_head, pipe) {
              receive(pipe)
              resolve()
            },
            refused: () => reject(new Error('refused')),
            failed: reject,
          })
        }
        below.open(start).then(async end => {
          far = end
          const text = 'GET / HTTP/1.1\r\nHost: in.test\r\n\r\n'
          length = text.length
          await end.read(length)
          await end.write(Buffer.concat([Buffer.from(head), early]))
        }, reject)
      })
      return withoutHead(far, length)
    },
  }
}

/** The same far end, as if the request had never come. */
function withoutHead(far: FarEnd, length: number): FarEnd {
  return {
    ...far,
    get received() {
      return far.received.subarray(length)
    },
    get waiting() {
      return far.waiting
    },
    read: async total => (await far.read(total + length)).subarray(length),
  }
}

describe('A pair of streams whose reader throws', () => {
  it('is a pipe that is gone, once `start` has returned', async () => {
    const error = new Error('no more')
    const events: unknown[] = []
    const pipe = duplexPipe({
      readable: {
        getReader: () => ({
          read: () => {
            throw error
          },
          cancel: async () => {},
        }),
      },
      writable: new WritableStream(),
    })
    const note = (name: string) => (cause?: unknown) => void events.push(name, cause)
    pipe.start({ data: note('data'), drain: note('drain'), end: note('end'), close: note('close') })
    expect(events).to.deep.equal([])
    await new Promise(resolve => setImmediate(resolve))
    expect(events).to.deep.equal(['close', error])
  })
})

for (const transport of [
  memory(),
  tcp(),
  tls(),
  tls('node:tls over a stream', connectAsInDeno),
  transformStreams(),
  nodeStreamsToWeb(),
  nodeStream(),
  upgraded(memory()),
  upgraded(tcp()),
]) {
  testTransport(transport)
}
