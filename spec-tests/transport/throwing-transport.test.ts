import process from 'node:process'
import { expect } from 'chai'
import { drained, failure, ref, unref, WebSocket } from '#lib/entry/node.js'
import { memoryPair } from '#lib/transport/memory.js'
import type { Pipe } from '#lib/transport/pipe.js'
import { MemoryServer } from '../support/memory-server.ts'
import { frame, TEXT } from '../support/raw-server.ts'
import { turns } from '../support/turns.ts'
import { next, record, useLoopback } from '../support/ws-server.ts'

type Bomb = 'write' | 'pause' | 'resume' | 'end' | 'abort' | 'ref' | 'unref' | 'buffered'

/** Stands before a pipe; once `lit`, one of its members throws, or rejects. */
class ThrowingPipe {
  lit = false
  readonly error = new Error('a fault of the transport')

  wrap(pipe: Pipe, bomb: Bomb, how: 'throws' | 'rejects'): Pipe {
    const explode = (): unknown => {
      if (how === 'rejects') return Promise.reject(this.error)
      throw this.error
    }
    return new Proxy(pipe, {
      get: (target, name) => {
        if (name === bomb && this.lit) return name === 'buffered' ? explode() : explode
        const value = Reflect.get(target, name, target) as unknown
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }
}

async function openOver(bomb: Bomb, how: 'throws' | 'rejects') {
  const server = new MemoryServer()
  const throwing = new ThrowingPipe()
  const socket = new WebSocket('ws://server.example/', {
    connect: throwing.wrap(server.client, bomb, how),
    perMessageDeflate: false,
  })
  const opened = next(socket, 'open')
  await server.requested
  server.send(server.acceptance())
  await opened
  return { server, socket, throwing }
}

/** What takes each member to be used. */
const USES: Record<Bomb, (socket: WebSocket, server: MemoryServer) => unknown> = {
  write: socket => socket.send('x'),
  pause: (_, server) => server.send(Buffer.concat(Array.from({ length: 20 }, () => frame(TEXT, 'x'.repeat(60_000))))),
  resume: (_, server) => server.send(Buffer.concat(Array.from({ length: 20 }, () => frame(TEXT, 'x'.repeat(60_000))))),
  end: (_, server) => server.end(),
  abort: (_, server) => server.abort(),
  ref: socket => ref(socket),
  unref: socket => unref(socket),
  buffered: socket => {
    socket.send('x')
    return socket.bufferedAmount
  },
}

describe('A transport that throws', () => {
  const loopback = useLoopback()
  const uncaught: unknown[] = []
  const note = (error: unknown): void => void uncaught.push(error)
  let listeners: NodeJS.UncaughtExceptionListener[]
  beforeEach(() => {
    uncaught.length = 0
    listeners = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', note)
    process.on('unhandledRejection', note)
  })
  afterEach(() => {
    process.off('uncaughtException', note)
    process.off('unhandledRejection', note)
    for (const listener of listeners) process.on('uncaughtException', listener)
    expect(uncaught).to.deep.equal([])
  })

  for (const [bomb, use] of Object.entries(USES) as [Bomb, (typeof USES)[Bomb]][]) {
    for (const how of ['throws', 'rejects'] as const) {
      if ((bomb === 'buffered' || bomb === 'abort') && how === 'rejects') continue
      it(`${bomb} ${how}: the connection is lost, with the error as the cause`, async () => {
        const { server, socket, throwing } = await openOver(bomb, how)
        const events = record(socket)
        const closed = next(socket, 'close')
        throwing.lit = true
        use(socket, server)
        await closed
        await turns(3)
        expect(events.filter(event => !event.startsWith('message'))).to.deep.equal(['error', 'close 1006 unclean'])
        expect(failure(socket)!.code).to.equal('WS_ERR_CONNECTION_LOST')
        if (bomb !== 'abort' && bomb !== 'end') expect(failure(socket)!.cause).to.equal(throwing.error)
        server.abort()
      })
    }
  }

  it('leaves the other sockets alone that send in the same turn, and in the same batch of tasks', async () => {
    const bad = await openOver('write', 'throws')
    const pairs = [await loopback.rawPair({ perMessageDeflate: false }), await loopback.rawPair()]
    bad.throwing.lit = true
    const lost = next(bad.socket, 'close')
    bad.socket.send('1')
    for (const { socket } of pairs) socket.send('2')
    for (const { peer } of pairs) expect((await peer.readFrame()).text).to.equal('2')
    await lost

    // One task for each of them waits when the first runs.
    const other = await openOver('write', 'throws')
    other.throwing.lit = true
    other.socket.onmessage = () => other.socket.send('answer')
    for (const { socket } of pairs) socket.onmessage = () => socket.send('answer')
    const end = next(other.socket, 'close')
    other.server.send(frame(TEXT, 'question'))
    for (const { peer } of pairs) void peer.send(TEXT, 'question')
    for (const { peer } of pairs) expect((await peer.readFrame()).text).to.equal('answer')
    await end
    for (const { socket, peer } of pairs) {
      socket.send('later')
      expect((await peer.readFrame()).text).to.equal('later')
      await drained(socket)
    }
  })

  it('keeps what did not leave in bufferedAmount', async () => {
    const { server, socket, throwing } = await openOver('write', 'throws')
    throwing.lit = true
    const closed = next(socket, 'close')
    socket.send('12345')
    await closed
    expect(socket.bufferedAmount).to.equal(5)
    server.abort()
  })

  it('throws in start: the connection cannot be opened', async () => {
    const [pipe] = memoryPair()
    pipe.start = () => {
      throw new Error('no start')
    }
    const socket = new WebSocket('ws://server.example/', { connect: pipe })
    await next(socket, 'close')
    expect(failure(socket)!.code).to.equal('WS_ERR_CONNECTION_LOST')
    expect((failure(socket)!.cause as Error).message).to.equal('no start')
  })

  for (const [what, reason] of Object.entries({
    nothing: undefined,
    'an object without a prototype': Object.create(null),
    'a symbol': Symbol('why'),
    'an error whose message throws': Object.defineProperty(new Error(), 'message', {
      get: () => {
        throw new Error('not this one')
      },
    }),
    'an object that throws when it is read': new Proxy(new Error(), {
      get: () => {
        throw new Error('not this one')
      },
    }),
  })) {
    it(`start throws, or rejects with, ${what}: the connection fails`, async () => {
      const starts = [
        () => {
          throw reason
        },
        () => Promise.reject(reason),
      ]
      for (const start of starts) {
        const [pipe] = memoryPair()
        const socket = new WebSocket('ws://server.example/', { connect: Object.assign(pipe, { start }) })
        await next(socket, 'close')
        expect(failure(socket)!.code).to.equal('WS_ERR_CONNECTION_LOST')
      }
    })

    it(`connect rejects with ${what}: the connection fails`, async () => {
      const socket = new WebSocket('ws://server.example/', { connect: () => Promise.reject(reason) })
      await next(socket, 'close')
      expect(failure(socket)!.code).to.equal('WS_ERR_CONNECT')
    })
  }

  it('streams whose methods throw or reject', async () => {
    const { socket, server } = await (async () => {
      const memory = new MemoryServer()
      let sink: ((bytes: Uint8Array | undefined) => void) | undefined
      const arrived: Uint8Array[] = []
      memory.client.start({
        data: bytes => (sink === undefined ? void arrived.push(Uint8Array.from(bytes)) : sink(Uint8Array.from(bytes))),
        drain() {},
        end() {},
        close() {},
      })
      const duplex = {
        readable: {
          getReader: () => ({
            read: () =>
              new Promise<{ done: boolean; value?: unknown }>(resolve => {
                const value = arrived.shift()
                if (value !== undefined) return resolve({ done: false, value })
                sink = bytes => {
                  sink = undefined
                  resolve({ done: false, value: bytes })
                }
              }),
            cancel: () => {
              throw new Error('cancel')
            },
          }),
        },
        writable: {
          getWriter: () => ({
            ready: Promise.resolve(),
            write: (bytes: Uint8Array) => {
              if (lit) throw new Error('write')
              memory.client.write(bytes, false)
              return Promise.resolve()
            },
            close: () => Promise.reject(new Error('close')),
            abort: () => undefined as unknown as Promise<void>,
          }),
        },
      }
      let lit = false
      const opening = new WebSocket('ws://server.example/', { connect: duplex, perMessageDeflate: false })
      const opened = next(opening, 'open')
      await memory.requested
      memory.send(memory.acceptance())
      await opened
      lit = true
      return { socket: opening, server: memory }
    })()
    const closed = next(socket, 'close')
    socket.send('x')
    await closed
    expect(failure(socket)!.code).to.equal('WS_ERR_CONNECTION_LOST')
    expect((failure(socket)!.cause as Error).message).to.equal('write')
    server.abort()
  })
})
