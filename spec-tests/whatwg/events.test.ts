import { setImmediate as turn } from 'node:timers/promises'
import { expect } from 'chai'
import { CloseEvent, MessageEvent, WebSocket } from '#lib/entry/node.js'
import { BINARY, CLOSE, closeBody, frame, TEXT } from '../support/raw-server.ts'
import { next, record, useLoopback } from '../support/ws-server.ts'

/** Starts a chain of microtasks, each from the one before. */
function nestMicrotasks(depth: number, each: (level: number) => void): void {
  const step = (level: number): void => {
    each(level)
    if (level < depth) queueMicrotask(() => step(level + 1))
  }
  queueMicrotask(() => step(1))
}

/** Runs while what listeners throw goes into the list that comes back, instead of to the test runner. */
async function reported(run: () => Promise<void>): Promise<unknown[]> {
  const errors: unknown[] = []
  const listeners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', error => errors.push(error))
  try {
    await run()
  } finally {
    process.removeAllListeners('uncaughtException')
    for (const listener of listeners) process.on('uncaughtException', listener)
  }
  return errors
}

/** https://websockets.spec.whatwg.org/#feedback-from-the-protocol */
describe('WHATWG WebSocket events', () => {
  const loopback = useLoopback()

  /** Sends a 101 and more in one packet, to a socket that has the listeners of `prepare` from the start. */
  async function inOnePacket(prepare: (socket: WebSocket) => unknown, ...more: Uint8Array[]) {
    const server = await loopback.serveRaw()
    const socket = loopback.socket(server.url)
    prepare(socket)
    const peer = await server.accept()
    await peer.write(Buffer.concat([peer.acceptance(), ...more]))
    return { socket, peer }
  }

  describe('are tasks', () => {
    it('nothing fires within the constructor or its microtasks', async () => {
      for (const url of ['ws://127.0.0.1:1/', 'ws://127.0.0.1:80/']) {
        const socket = loopback.socket(url, { signal: AbortSignal.abort() })
        expect(socket.readyState).to.equal(WebSocket.CONNECTING)
        for (let round = 0; round < 50; round++) await null
        expect(socket.readyState).to.equal(WebSocket.CONNECTING)
        const events = record(socket)
        await next(socket, 'close')
        expect(events).to.deep.equal(['error', 'close 1006 unclean'])
      }
    })

    it('nothing fires within send() or close() or their microtasks', async () => {
      const { socket, peer } = await loopback.rawPair()
      const events = record(socket)
      // All of this is there when the calls are made.
      await peer.write(frame(TEXT, 'here'))
      await peer.send(CLOSE, closeBody(1000))
      peer.end()
      socket.send('text')
      expect(events).to.deep.equal([])
      socket.close()
      expect(events).to.deep.equal([])
      for (let round = 0; round < 50; round++) await null
      expect(events).to.deep.equal([])
      await next(socket, 'close')
    })

    it('nothing fires within close() while connecting, or its microtasks', async () => {
      const server = await loopback.serve()
      const socket = loopback.socket(server.url)
      const events = record(socket)
      socket.close()
      for (let round = 0; round < 50; round++) await null
      expect(events).to.deep.equal([])
      await next(socket, 'close')
      expect(events).to.deep.equal(['error', 'close 1006 unclean'])
    })

    it('all microtasks of one listener run before the next event, nested ones too', async () => {
      const lines: string[] = []
      const note = (event: Event & { data?: unknown }): void => {
        const name = event.type === 'message' ? String(event.data) : event.type
        lines.push(name)
        nestMicrotasks(30, level => {
          if (level === 30) lines.push(`${name} done`)
        })
      }
      const frames = [frame(TEXT, 'one'), frame(TEXT, 'two'), frame(BINARY), frame(CLOSE)]
      const { socket, peer } = await inOnePacket(
        socket => {
          socket.binaryType = 'arraybuffer'
          for (const type of ['open', 'message', 'error', 'close']) socket.addEventListener(type, note)
        },
        ...frames,
      )
      peer.end()
      await next(socket, 'close')
      await turn()
      const names = ['open', 'one', 'two', '[object ArrayBuffer]', 'close']
      expect(lines).to.deep.equal(names.flatMap(name => [name, `${name} done`]))
    })

    it('between two listeners of one event microtasks run where the host has them run', async () => {
      const { socket, peer } = await loopback.pair()
      const lines: string[] = []
      socket.addEventListener('message', () => {
        lines.push('first')
        nestMicrotasks(3, level => lines.push(`microtask ${level}`))
      })
      socket.addEventListener('message', () => lines.push('second'))
      peer.socket.send('now')
      await next(socket, 'message')
      await turn()
      const expected: string[] = []
      const target = new EventTarget()
      target.addEventListener('x', () => {
        expected.push('first')
        nestMicrotasks(3, level => expected.push(`microtask ${level}`))
      })
      target.addEventListener('x', () => expected.push('second'))
      setImmediate(() => target.dispatchEvent(new Event('x')))
      await turn()
      await turn()
      expect(lines).to.deep.equal(expected)
    })

    it('error and close have microtasks between them, and no other task', async () => {
      const { socket, peer } = await loopback.rawPair()
      const lines: string[] = []
      socket.onerror = () => {
        lines.push(`error in state ${socket.readyState}`)
        setImmediate(() => lines.push('task'))
        nestMicrotasks(30, level => {
          if (level === 30) lines.push('microtasks done')
        })
      }
      socket.onclose = () => lines.push(`close in state ${socket.readyState}`)
      peer.end()
      await next(socket, 'close')
      await turn()
      expect(lines).to.deep.equal(['error in state 3', 'microtasks done', 'close in state 3', 'task'])
    })

    it('open comes before the first message and that before close, all in one packet', async () => {
      let lines: string[] = []
      const frames = [frame(TEXT, 'first'), frame(TEXT, 'second'), frame(CLOSE, closeBody(1000, 'bye'))]
      const { socket, peer } = await inOnePacket(
        socket => {
          lines = record(socket)
        },
        ...frames,
      )
      peer.end()
      await next(socket, 'close')
      expect(lines).to.deep.equal(['open', 'message first', 'message second', 'close 1000 clean bye'])
    })

    it('a listener that is added after await of open gets the message of the same packet', async () => {
      const server = await loopback.serveRaw()
      const socket = loopback.socket(server.url)
      const answer = server.accept().then(peer => peer.write(Buffer.concat([peer.acceptance(), frame(TEXT, 'early')])))
      await new Promise(resolve => {
        socket.onopen = resolve
      })
      for (let round = 0; round < 20; round++) await null
      expect((await next(socket, 'message')).data).to.equal('early')
      await answer
    })

    it('each shows the state that it stands for', async () => {
      const states: string[] = []
      const { socket, peer } = await inOnePacket(
        socket => {
          for (const type of ['open', 'message', 'close']) {
            socket.addEventListener(type, () => {
              states.push(`${type} ${socket.readyState}`)
              nestMicrotasks(10, level => {
                if (level === 10) states.push(`${type} ${socket.readyState}`)
              })
            })
          }
        },
        frame(TEXT, 'last'),
        frame(CLOSE),
      )
      expect((await peer.readFrame()).opcode).to.equal(CLOSE)
      // The closing handshake has started; the connection has not closed.
      expect(socket.readyState).to.equal(WebSocket.CLOSING)
      expect(states).to.deep.equal(['open 1', 'open 1', 'message 1', 'message 1'])
      peer.end()
      await next(socket, 'close')
      await turn()
      expect(states.slice(4)).to.deep.equal(['close 3', 'close 3'])
    })

    it('protocol and extensions are set with open, not before', async () => {
      const server = await loopback.serveRaw()
      const socket = loopback.socket(server.url, ['a', 'b'])
      expect(socket.protocol).to.equal('')
      const peer = await server.accept()
      await peer.accept('Sec-WebSocket-Protocol: b')
      await next(socket, 'open')
      expect(socket.protocol).to.equal('b')
    })

    it('nothing follows close', async () => {
      const { socket, peer } = await loopback.rawPair()
      const other = await loopback.pair()
      const events = record(socket)
      // The violation fails the connection; what is behind it must not show, nor the end of TCP.
      await peer.write(Buffer.concat([frame(TEXT, 'good'), frame(0xb), frame(TEXT, 'never'), frame(CLOSE)]))
      peer.end()
      await next(socket, 'close')
      await peer.ended
      other.peer.socket.send('elsewhere')
      await next(other.socket, 'message')
      expect(events).to.deep.equal(['message good', 'error', 'close 1006 unclean'])
    })
  })

  describe('exceptions of listeners', () => {
    it('are reported as the host does, and stop neither other listeners nor the next event', async () => {
      let socket!: WebSocket
      const lines: string[] = []
      const errors = await reported(async () => {
        const made = await inOnePacket(
          created => {
            for (const type of ['open', 'message', 'error', 'close']) {
              created.addEventListener(type, () => {
                throw new Error(`listener of ${type}`)
              })
              created[`on${type}` as 'onopen'] = () => {
                lines.push(type)
                throw new Error(`handler of ${type}`)
              }
            }
          },
          frame(TEXT, 'one'),
          frame(TEXT, 'two'),
        )
        socket = made.socket
        made.peer.reset()
        await next(socket, 'close').catch(() => {})
        await turn()
      })
      expect(lines).to.deep.equal(['open', 'message', 'message', 'error', 'close'])
      const expected = lines.flatMap(type => [`listener of ${type}`, `handler of ${type}`])
      expect(errors.map(error => (error as Error).message)).to.deep.equal(expected)
      expect(socket.readyState).to.equal(WebSocket.CLOSED)
    })
  })

  describe('event objects', () => {
    it('open and error are plain Events', async () => {
      const server = await loopback.serve()
      const socket = loopback.socket(server.url)
      const open = await next(socket, 'open')
      const peer = await server.accept()
      peer.socket.terminate()
      const error = await next(socket, 'error')
      for (const [event, type] of [
        [open, 'open'],
        [error, 'error'],
      ] as const) {
        expect(Object.getPrototypeOf(event)).to.equal(Event.prototype)
        expect(event).to.include({ type, bubbles: false, cancelable: false, composed: false })
        expect(event.target).to.equal(socket)
        expect(event).not.to.have.any.keys('message', 'error', 'code')
      }
      expect(error).not.to.have.property('message')
      expect(error).not.to.have.property('error')
    })

    it('message is a MessageEvent with the data and the origin', async () => {
      const { socket, peer } = await loopback.pair()
      let currentTarget: unknown
      socket.onmessage = event => {
        currentTarget = event.currentTarget
      }
      peer.socket.send('text')
      const event = await next(socket, 'message')
      expect(Object.getPrototypeOf(event)).to.equal(MessageEvent.prototype)
      expect(event).to.be.an.instanceof(Event)
      expect(event).to.be.an.instanceof(globalThis.MessageEvent)
      expect(Object.prototype.toString.call(event)).to.equal('[object MessageEvent]')
      expect(event).to.include({ type: 'message', bubbles: false, cancelable: false, composed: false })
      expect(event).to.include({ data: 'text', lastEventId: '', source: null })
      expect(event.ports).to.deep.equal([])
      expect(event.target).to.equal(socket)
      expect(currentTarget).to.equal(socket)
    })

    it('the origin is that of the URL, without path, query and credentials', async () => {
      const server = await loopback.serve()
      for (const scheme of ['ws', 'http']) {
        const socket = await loopback.open(`${scheme}://user:pass@127.0.0.1:${server.port}/path?query`)
        const peer = await server.accept()
        peer.socket.send('text')
        expect((await next(socket, 'message')).origin).to.equal(`ws://127.0.0.1:${server.port}`)
      }
    })

    it('close is a CloseEvent', async () => {
      const { socket, peer } = await loopback.pair()
      peer.socket.close(4001, 'réason')
      const event = await next(socket, 'close')
      expect(Object.getPrototypeOf(event)).to.equal(CloseEvent.prototype)
      expect(event).to.be.an.instanceof(Event)
      const hosts = (globalThis as { CloseEvent?: new () => Event }).CloseEvent
      if (hosts !== undefined) expect(event).to.be.an.instanceof(hosts)
      expect(Object.prototype.toString.call(event)).to.equal('[object CloseEvent]')
      expect(event).to.include({ type: 'close', bubbles: false, cancelable: false, composed: false })
      expect(event).to.include({ wasClean: true, code: 4001, reason: 'réason' })
      expect(event.target).to.equal(socket)
    })
  })

  describe('data', () => {
    it('is a string for text, with a BOM if it begins with one', async () => {
      const { socket, peer } = await loopback.rawPair()
      const texts = [
        '',
        '\ufeff',
        '\ufefftext',
        'a\ufeffb',
        'é€😀',
        '\ufffd',
        'x'.repeat(70_000),
        '\ufeff'.repeat(30_000),
      ]
      for (const text of texts) {
        await peer.send(TEXT, text)
        const { data } = await next(socket, 'message')
        expect(data === text, `${text.length} characters`).to.equal(true)
      }
    })

    it('has the BOM of a text in fragments too', async () => {
      const { socket, peer } = await loopback.rawPair()
      const bytes = Buffer.from('\ufeff😀')
      await peer.send(TEXT, bytes.subarray(0, 2), { fin: false })
      await peer.send(0, bytes.subarray(2, 5), { fin: false })
      await peer.send(0, bytes.subarray(5))
      expect((await next(socket, 'message')).data).to.equal('\ufeff😀')
    })

    it('is a Blob for binary, by default', async () => {
      const { socket, peer } = await loopback.pair()
      peer.socket.send(Uint8Array.of(1, 2, 255))
      const { data } = await next(socket, 'message')
      expect(data).to.be.an.instanceof(Blob)
      expect(data).to.include({ size: 3, type: '' })
      expect([...new Uint8Array(await data.arrayBuffer())]).to.deep.equal([1, 2, 255])
    })

    it('is an ArrayBuffer of its own if binaryType says so', async () => {
      const { socket, peer } = await loopback.rawPair()
      socket.binaryType = 'arraybuffer'
      const buffers: ArrayBuffer[] = []
      socket.addEventListener('message', ({ data }) => buffers.push(data))
      const lengths = [0, 1, 64, 65, 1000, 70_000, 1_200_000]
      const last = new Promise<void>(resolve => {
        socket.addEventListener('message', () => {
          if (buffers.length === lengths.length) resolve()
        })
      })
      await peer.write(Buffer.concat(lengths.map((length, index) => frame(BINARY, Buffer.alloc(length, index)))))
      await last
      // Looked at once all are here, so that one that shared its memory with another would show.
      for (const [index, buffer] of buffers.entries()) {
        expect(Object.getPrototypeOf(buffer)).to.equal(ArrayBuffer.prototype)
        expect(buffer.byteLength).to.equal(lengths[index])
        expect(new Uint8Array(buffer).every(byte => byte === index)).to.equal(true)
      }
    })

    it('is as binaryType says when the event fires', async () => {
      const { socket, peer } = await loopback.rawPair()
      const kinds: string[] = []
      const done = new Promise<void>(resolve => {
        socket.onmessage = ({ data }) => {
          kinds.push(Object.prototype.toString.call(data).slice(8, -1))
          socket.binaryType = socket.binaryType === 'blob' ? 'arraybuffer' : 'blob'
          if (kinds.length === 3) resolve()
        }
      })
      await peer.write(Buffer.concat([frame(BINARY, 'a'), frame(BINARY, 'b'), frame(BINARY, 'c')]))
      await done
      expect(kinds).to.deep.equal(['Blob', 'ArrayBuffer', 'Blob'])
    })
  })
})
