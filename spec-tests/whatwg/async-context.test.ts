import { AsyncLocalStorage, createHook } from 'node:async_hooks'
import { connect as connectTcp } from 'node:net'
import { Duplex } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import { drained, type Pipe, type PipeSink, ping, terminate, WebSocket } from '#lib/entry/node.js'
import { connect as connectOnNode } from '#lib/transport/node.js'
import { BINARY, CLOSE, closeBody, frame, PONG, type RawPeer, TEXT } from '../support/raw-server.ts'
import { useStreams } from '../support/streams.ts'
import { next } from '../support/ws-server.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** More messages than one turn of the event loop dispatches. */
const FLOOD = 2000

/** As of a program that keeps what belongs to a request in an AsyncLocalStorage: each socket is of one request. */
describe('The async context of a socket', () => {
  const loopback = useStreams()
  const storage = new AsyncLocalStorage<string>()
  const here = (): string => String(storage.getStore())

  /** Writes down the context in which each event is dispatched: `open a`, `message a`. */
  function recordContexts(socket: WebSocket): string[] {
    const lines: string[] = []
    for (const type of ['open', 'message', 'error', 'close']) {
      socket.addEventListener(type, () => lines.push(`${type} ${here()}`))
    }
    return lines
  }

  /** Sockets that are open, each constructed in the context of its name. */
  async function rawPairs<Name extends string>(
    ...names: Name[]
  ): Promise<{ sockets: Record<Name, WebSocket>; peers: Record<Name, RawPeer> }> {
    const sockets = {} as Record<Name, WebSocket>
    const peers = {} as Record<Name, RawPeer>
    for (const name of names) {
      const pair = await storage.run(name, () => loopback.rawPair())
      sockets[name] = pair.socket
      peers[name] = pair.peer
    }
    return { sockets, peers }
  }

  describe('is that of its constructor for', () => {
    it('each event of a connection that opens and closes', async () => {
      const server = await loopback.serveRaw()
      const socket = storage.run('a', () => loopback.socket(server.url))
      const lines = recordContexts(socket)
      const peer = await server.accept()
      const frames = [frame(TEXT, 'text'), frame(BINARY, 'bytes'), frame(CLOSE, closeBody(1000))]
      await peer.write(Buffer.concat([peer.acceptance(), ...frames]))
      peer.end()
      await next(socket, 'close')
      expect(lines).to.deep.equal(['open a', 'message a', 'message a', 'close a'])
    })

    it('the end of a connection, whatever ends it', async () => {
      const server = await loopback.serveRaw()
      const controller = new AbortController()
      const { signal } = controller
      const ends: Record<string, (socket: WebSocket) => unknown> = {
        'close() while connecting': socket => socket.close(),
        'terminate() while connecting': terminate,
        'a signal': () => controller.abort(),
      }
      for (const [name, end] of Object.entries(ends)) {
        const socket = storage.run('a', () => loopback.socket(server.url, { signal }))
        const lines = recordContexts(socket)
        await server.accept()
        storage.run('elsewhere', () => end(socket))
        await next(socket, 'close')
        expect(lines, name).to.deep.equal(['error a', 'close a'])
      }
    })

    it('the end of an open connection', async () => {
      const { sockets, peers } = await rawPairs('closed', 'terminated', 'lost')
      const lines = Object.values(sockets).map(recordContexts)
      const closed = Object.values(sockets).map(socket => next(socket, 'close'))
      storage.run('elsewhere', () => {
        sockets.closed.close()
        terminate(sockets.terminated)
        peers.lost.reset()
      })
      await peers.closed.readFrame()
      await peers.closed.send(CLOSE)
      peers.closed.end()
      await Promise.all(closed)
      expect(lines.flat()).to.deep.equal([
        'close closed',
        'error terminated',
        'close terminated',
        'error lost',
        'close lost',
      ])
    })

    it('floods of several sockets at a time, and what their listeners start', async () => {
      const { sockets, peers } = await rawPairs('a', 'b', 'c')
      const wrong: string[] = []
      const note = (name: string, what: string): void => {
        if (here() !== name) wrong.push(`${what} of ${name} in the context of ${here()}`)
      }
      const counts = Object.entries(sockets).map(([name, socket]) => {
        let count = 0
        return new Promise<void>(resolve => {
          socket.onmessage = async () => {
            note(name, 'message')
            process.nextTick(() => note(name, 'tick'))
            if (++count === FLOOD) resolve()
            await null
            note(name, 'microtask')
          }
        })
      })
      const flood = Buffer.concat(
        Array.from({ length: FLOOD }, (_, index) => frame(index % 3 ? TEXT : BINARY, 'message')),
      )
      await Promise.all(Object.values(peers).map(peer => peer.write(flood)))
      await Promise.all(counts)
      expect(wrong).to.deep.equal([])
    })

    it('sockets that wait in the connection queue', async () => {
      const server = await loopback.serve()
      const lines: string[] = []
      const opened = ['a', 'b', 'c'].map(name =>
        storage.run(name, () => {
          const socket = loopback.socket(server.url)
          socket.addEventListener('open', () => lines.push(here()))
          return next(socket, 'open')
        }),
      )
      await Promise.all(opened)
      expect(lines).to.deep.equal(['a', 'b', 'c'])
    })

    it('a socket beside one whose listener enters another context', async () => {
      const { sockets, peers } = await rawPairs('a', 'b')
      const lines = recordContexts(sockets.b)
      sockets.a.addEventListener('message', () => storage.enterWith('left behind'))
      const closed = Object.values(sockets).map(socket => next(socket, 'close'))
      for (const peer of Object.values(peers)) {
        await peer.write(Buffer.concat([frame(TEXT, 'one'), frame(TEXT, 'two')]))
        peer.end()
      }
      await Promise.all(closed)
      expect(lines).to.deep.equal(['message b', 'message b', 'error b', 'close b'])
    })
  })

  it('is none for a socket that was constructed in none, beside others', async () => {
    const { sockets, peers } = await rawPairs('a')
    const plain = await loopback.rawPair()
    const lines = recordContexts(plain.socket)
    const events = [next(sockets.a, 'message'), next(plain.socket, 'message')]
    await Promise.all([peers.a, plain.peer].map(peer => peer.write(Buffer.concat(Array(FLOOD).fill(frame(TEXT))))))
    await Promise.all(events)
    plain.peer.end()
    await next(plain.socket, 'close')
    expect(new Set(lines)).to.deep.equal(new Set(['message undefined', 'error undefined', 'close undefined']))
  })

  it('the promises of ping() and drained() leave that of the caller alone', async () => {
    const { sockets, peers } = await rawPairs('a', 'b')
    const lines: string[] = []
    const settled = storage.run('caller', () => {
      sockets.a.send('x'.repeat(1_000_000))
      return Promise.all([
        ping(sockets.a, 'b').then(() => lines.push(`ping ${here()}`)),
        drained(sockets.a).then(() => lines.push(`drained ${here()}`)),
        ping(sockets.b, 'lost').catch(() => lines.push(`lost ping ${here()}`)),
      ])
    })
    await peers.a.readFrame()
    expect((await peers.a.readFrame()).text).to.equal('b')
    await peers.a.send(PONG, 'b')
    peers.b.reset()
    await settled
    expect(lines.sort()).to.deep.equal(['drained caller', 'lost ping caller', 'ping caller'])
  })

  describe('is that of its constructor for a transport of the user', () => {
    it('connect, also behind another socket in the connection queue', async () => {
      const server = await loopback.serveRaw()
      const lines: string[] = []
      const { port } = server
      const connect = (target: object): Promise<Pipe> => {
        lines.push(here())
        return connectOnNode({ ...target, host: '127.0.0.1', port } as never)
      }
      const sockets = ['a', 'b'].map(name =>
        storage.run(name, () => loopback.socket('ws://nowhere.test/', { connect })),
      )
      for (const socket of sockets) {
        const peer = await server.accept()
        await Promise.all([next(socket, 'open'), storage.run('elsewhere', () => peer.accept())])
      }
      expect(lines).to.deep.equal(['a', 'b'])
    })

    it('the signal of connect', async () => {
      const ends: ((socket: WebSocket) => void)[] = [socket => socket.close(), terminate]
      for (const end of ends) {
        let abortedIn: string | undefined
        const socket = await new Promise<WebSocket>(resolve => {
          const created: WebSocket = storage.run('a', () =>
            loopback.socket('ws://nowhere.test/', {
              connect: ({ signal }) => {
                signal.addEventListener('abort', () => {
                  abortedIn = here()
                })
                resolve(created)
                return new Promise(() => {})
              },
            }),
          )
        })
        storage.run('elsewhere', () => end(socket))
        expect(abortedIn).to.equal('a')
      }
    })

    /** A pipe that writes down the context of each call, and calls back in no context. */
    class RecordingPipe implements Pipe {
      readonly lines: string[] = []
      readonly #pipe: Pipe

      constructor(pipe: Pipe) {
        this.#pipe = pipe
      }

      get buffered(): number {
        this.#note('buffered')
        return 0
      }
      start(sink: PipeSink): void {
        this.#note('start')
        storage.exit(() => this.#pipe.start(sink))
      }
      write(bytes: Uint8Array, more: boolean): boolean {
        this.#note('write')
        return this.#pipe.write(bytes, more)
      }
      end(): void {
        this.#note('end')
        this.#pipe.end()
      }
      abort(): void {
        this.#note('abort')
        this.#pipe.abort()
      }
      pause(): void {
        this.#note('pause')
        this.#pipe.pause()
      }
      resume(): void {
        this.#note('resume')
        this.#pipe.resume()
      }
      ref(): void {
        this.#note('ref')
      }
      unref(): void {
        this.#note('unref')
      }
      #note(call: string): void {
        this.lines.push(`${call} ${here()}`)
      }
    }

    it('each call of a Pipe', async () => {
      const server = await loopback.serveRaw()
      const { signal } = new AbortController()
      const target = { host: '127.0.0.1', port: server.port, secure: false, url: server.url, signal }
      const pipe = new RecordingPipe(await connectOnNode(target))
      const socket = storage.run('a', () => loopback.socket('ws://nowhere.test/', { connect: () => pipe }))
      const peer = await server.accept()
      const open = next(socket, 'open')
      await peer.accept()
      await open
      const symbols = [Symbol.for('nodejs.unref'), Symbol.for('nodejs.ref')]
      storage.run('elsewhere', () => {
        for (const symbol of symbols) (socket as unknown as Record<symbol, () => void>)[symbol]!()
        socket.send('text')
        expect(socket.bufferedAmount).to.equal(4)
      })
      await peer.readFrame()
      await peer.write(Buffer.concat(Array(FLOOD * 4).fill(frame(TEXT, 'x'.repeat(100)))))
      let left = FLOOD * 4
      await new Promise<void>(resolve => {
        socket.onmessage = () => {
          if (--left === 0) resolve()
        }
      })
      storage.run('elsewhere', () => socket.close())
      await peer.readFrame()
      terminate(socket)
      await next(socket, 'close')
      expect(new Set(pipe.lines)).to.deep.equal(
        new Set(['start a', 'write a', 'buffered a', 'unref a', 'ref a', 'pause a', 'resume a', 'abort a']),
      )
    })

    it('each call of two byte streams', async () => {
      const server = await loopback.serveRaw()
      const tcp = connectTcp(server.port, '127.0.0.1')
      loopback.afterwards(() => tcp.destroy())
      const { readable, writable } = Duplex.toWeb(tcp) as { readable: ReadableStream; writable: WritableStream }
      const reader = readable.getReader()
      const writer = writable.getWriter()
      const lines = new Set<string>()
      const note = (call: string): unknown => lines.add(`${call} ${here()}`)
      const duplex = {
        readable: new ReadableStream(
          {
            async pull(controller) {
              note('pull')
              const { done, value } = await reader.read()
              if (done) controller.close()
              else controller.enqueue(value)
            },
            cancel() {
              note('cancel')
            },
          },
          { highWaterMark: 0 },
        ),
        writable: new WritableStream({
          write(chunk) {
            note('write')
            return writer.write(chunk)
          },
          abort() {
            note('abort')
          },
        }),
      }
      const socket = storage.run('a', () => loopback.socket('ws://nowhere.test/', { connect: () => duplex as never }))
      const peer = await server.accept()
      const open = next(socket, 'open')
      await peer.accept()
      await open
      storage.run('elsewhere', () => socket.send('text'))
      await peer.readFrame()
      const message = next(socket, 'message')
      await peer.send(TEXT, 'answer')
      await message
      storage.run('elsewhere', () => terminate(socket))
      while (lines.size < 4) await turn()
      expect(lines).to.deep.equal(new Set(['pull a', 'write a', 'cancel a', 'abort a']))
    })
  })

  describe('of a WebSocketStream', () => {
    it('is that of its constructor for the streams that it is piped to, beside others', async () => {
      const wrong: string[] = []
      const server = await loopback.serveRaw()
      const { signal } = new AbortController()
      const target = { host: '127.0.0.1', port: server.port, secure: false, url: server.url, signal }
      const pipes = ['a', 'b'].map(async name => {
        // What this transport reports comes in no context.
        const transport = await connectOnNode(target)
        return storage.run(name, async () => {
          const stream = loopback.stream('ws://nowhere.test/', { connect: transport })
          const peer = await server.accept()
          await peer.accept()
          const { readable } = await stream.opened
          let left = FLOOD
          const check = (what: string): void => {
            if (here() !== name) wrong.push(`${what} of ${name} in the context of ${here()}`)
          }
          let arrived!: () => void
          const all = new Promise<void>(resolve => {
            arrived = resolve
          })
          const written = new WritableStream({
            write() {
              check('write')
              if (--left === 0) arrived()
            },
            abort() {
              check('abort')
            },
          })
          const piped = readable.pipeTo(written).catch(() => check('piped'))
          return { peer, all, piped }
        })
      })
      const open = await Promise.all(pipes)
      // Some messages when nothing is asked for, and some one by one, each of which answers a read.
      for (const { peer } of open) await peer.write(Buffer.concat(Array(FLOOD - 10).fill(frame(TEXT, 'message'))))
      for (let count = 0; count < 10; count++) {
        await turn()
        for (const { peer } of open) await peer.send(count % 2 === 0 ? TEXT : BINARY, 'message')
      }
      await Promise.all(open.map(({ all }) => all))
      for (const { peer } of open) peer.reset()
      await Promise.all(open.map(({ piped }) => piped))
      expect(wrong).to.deep.equal([])
    })

    it('its promises leave that of the caller alone', async () => {
      const server = await loopback.serve()
      const stream = storage.run('a', () => loopback.stream(server.url))
      const lines: string[] = []
      await storage.run('caller', async () => {
        const opened = stream.opened.then(({ readable }) => {
          lines.push(`opened ${here()}`)
          const read = readable.getReader().read()
          return read.then(() => lines.push(`read ${here()}`))
        })
        const closed = stream.closed.then(() => lines.push(`closed ${here()}`))
        const peer = await server.accept()
        storage.run('elsewhere', () => peer.socket.send('text'))
        await opened
        storage.run('elsewhere', () => stream.close())
        await closed
      })
      expect(lines).to.deep.equal(['opened caller', 'read caller', 'closed caller'])
    })
  })

  it('is one resource of async_hooks for each socket, which is destroyed with it', async () => {
    const live = new Set<number>()
    let made = 0
    const hook = createHook({
      init(id, type) {
        if (type !== 'WebSocket') return
        live.add(id)
        made++
      },
      destroy: id => live.delete(id),
    }).enable()
    try {
      const server = await loopback.serveRaw()
      await (async () => {
        const socket = new WebSocket(server.url)
        const peer = await server.accept()
        await Promise.all([next(socket, 'open'), peer.accept()])
        await peer.send(TEXT, 'message')
        await next(socket, 'message')
        peer.reset()
        await next(socket, 'close')
      })()
      for (let round = 0; round < 100 && live.size > 0; round++) {
        collect()
        await turn()
      }
    } finally {
      hook.disable()
    }
    expect(made).to.equal(1)
    expect(live.size).to.equal(0)
  })
})
