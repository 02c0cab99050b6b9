import { setImmediate as turn } from 'node:timers/promises'
import { expect } from 'chai'
import { failure, type Pipe, type PipeSink, WebSocket } from '#lib/entry/node.js'
import { acceptanceFor } from '../support/acceptance.ts'
import { expectDOMException, expectTypeError } from '../support/expect.ts'
import { BINARY, CLOSE, closeBody, frame, TEXT } from '../support/raw-server.ts'
import { next, record, useLoopback } from '../support/ws-server.ts'

/** https://websockets.spec.whatwg.org/#dom-websocket-close */
describe('WHATWG WebSocket close()', () => {
  const loopback = useLoopback()

  /** The body of the Close frame that a call sends. */
  async function closeFrame(...args: unknown[]): Promise<Buffer> {
    const { socket, peer } = await loopback.rawPair()
    ;(socket.close as (...args: unknown[]) => void).apply(socket, args)
    expect(socket.readyState).to.equal(WebSocket.CLOSING)
    const { opcode, payload, masked, fin } = await peer.readFrame()
    expect({ opcode, masked, fin }).to.deep.equal({ opcode: CLOSE, masked: true, fin: true })
    return Buffer.from(payload)
  }

  describe('arguments', () => {
    it('send an empty Close frame if there are none, or none that says anything', async () => {
      for (const args of [[], [undefined], [undefined, undefined], [undefined, '']]) {
        expect(await closeFrame(...args), JSON.stringify(args)).to.have.lengthOf(0)
      }
    })

    it('send the code', async () => {
      for (const args of [[1000], [1000, undefined], [1000, '']]) {
        expect(await closeFrame(...args)).to.deep.equal(closeBody(1000))
      }
      for (const code of [3000, 3999, 4000, 4999]) expect(await closeFrame(code)).to.deep.equal(closeBody(code))
    })

    it('send the reason', async () => {
      expect(await closeFrame(3001, 'héllo')).to.deep.equal(closeBody(3001, 'héllo'))
      expect(await closeFrame(1000, 'a\ud800b')).to.deep.equal(closeBody(1000, 'a\ufffdb'))
      expect(await closeFrame(1000, null)).to.deep.equal(closeBody(1000, 'null'))
      expect(await closeFrame(1000, 5)).to.deep.equal(closeBody(1000, '5'))
    })

    it('send 1000 with a reason alone', async () => {
      expect(await closeFrame(undefined, 'reason')).to.deep.equal(closeBody(1000, 'reason'))
    })

    it('have a code that is clamped and rounded, ties to even', async () => {
      const valid: [unknown, number][] = [
        ['1000', 1000],
        [999.5, 1000],
        [999.6, 1000],
        [1000.4, 1000],
        [1000.5, 1000],
        [2999.5, 3000],
        [3000.5, 3000],
        [3001.5, 3002],
        [4999.4, 4999],
        [' 4e3 ', 4000],
        [{ valueOf: () => 3500 }, 3500],
        [[3500], 3500],
      ]
      for (const [given, sent] of valid) expect(await closeFrame(given), String(given)).to.deep.equal(closeBody(sent))
    })

    it('throw an InvalidAccessError for another code', async () => {
      const { socket } = await loopback.pair()
      const close = socket.close.bind(socket) as (...args: unknown[]) => void
      const reserved = Array.from({ length: 15 }, (_, index) => 1001 + index)
      const wrapping = [65536 + 1000, 65536 + 3000, 1000 - 65536, 2 ** 32 + 1000]
      const converted = [NaN, Infinity, -Infinity, null, true, '', 'reason', {}, [], 999.4, 2999.4, 4999.5, -0.5]
      for (const code of [0, 1, -1, 999, ...reserved, 2000, 2999, 5000, 65535, ...wrapping, ...converted]) {
        expectDOMException(() => close(code), 'InvalidAccessError')
      }
      expect(socket.readyState).to.equal(WebSocket.OPEN)
    })

    it('throw a TypeError for what is no number, or no string', async () => {
      const { socket } = await loopback.pair()
      const close = socket.close.bind(socket) as (...args: unknown[]) => void
      expectTypeError(() => close(Symbol('code')))
      expectTypeError(() => close(1000n))
      expectTypeError(() => close(1000, Symbol('reason')))
      // All are converted before any is checked.
      expectTypeError(() => close(1, Symbol('reason')))
      expect(socket.readyState).to.equal(WebSocket.OPEN)
    })

    it('have a reason of up to 123 bytes of UTF-8', async () => {
      for (const reason of ['a'.repeat(123), 'é'.repeat(61), '€'.repeat(41), '😀'.repeat(30), '\ud800'.repeat(41)]) {
        expect(await closeFrame(1000, reason)).to.deep.equal(closeBody(1000, reason))
      }
    })

    it('throw a SyntaxError for a longer reason', async () => {
      const { socket } = await loopback.pair()
      for (const reason of [
        'a'.repeat(124),
        'é'.repeat(62),
        `${'€'.repeat(41)}a`,
        '😀'.repeat(31),
        '\ud800'.repeat(42),
      ]) {
        expectDOMException(() => socket.close(1000, reason), 'SyntaxError')
        expectDOMException(() => socket.close(undefined, reason), 'SyntaxError')
        expectDOMException(() => socket.close(1, reason), 'InvalidAccessError')
      }
      expect(socket.readyState).to.equal(WebSocket.OPEN)
    })

    it('are checked in every state', async () => {
      const server = await loopback.serve()
      const socket = loopback.socket(server.url)
      const check = (state: number): void => {
        expect(socket.readyState).to.equal(state)
        expectDOMException(() => socket.close(1), 'InvalidAccessError')
        expectDOMException(() => socket.close(1000, 'a'.repeat(124)), 'SyntaxError')
        expect(socket.readyState).to.equal(state)
      }
      check(WebSocket.CONNECTING)
      await next(socket, 'open')
      check(WebSocket.OPEN)
      socket.close()
      check(WebSocket.CLOSING)
      await next(socket, 'close')
      check(WebSocket.CLOSED)
    })
  })

  describe('states', () => {
    it('is closing at once, closed with the close event, and does nothing more after that', async () => {
      const { socket, peer } = await loopback.rawPair()
      const events = record(socket)
      expect(socket.close(3001, 'first')).to.equal(undefined)
      expect(socket.readyState).to.equal(WebSocket.CLOSING)
      socket.close(3002, 'second')
      expect(events).to.deep.equal([])
      const received = peer.readToEnd()
      await peer.send(CLOSE, closeBody(3001))
      peer.end()
      const states: number[] = []
      socket.onclose = () => states.push(socket.readyState)
      await next(socket, 'close')
      expect(states).to.deep.equal([WebSocket.CLOSED])
      socket.close(3003, 'third')
      expect(socket.readyState).to.equal(WebSocket.CLOSED)
      // One masked Close frame, the first.
      expect(await received).to.have.lengthOf(2 + 4 + 2 + 'first'.length)
      await turn()
      expect(events).to.deep.equal(['close 3001 clean'])
    })

    it('keeps url, protocol and extensions when it is closed', async () => {
      const server = await loopback.serve()
      const socket = await loopback.open(server.url, 'chat')
      socket.close()
      await next(socket, 'close')
      expect(socket.protocol).to.equal('chat')
      expect(socket.extensions).to.equal('')
      expect(socket.url).to.equal(server.url)
    })

    it('can be called within the open event and within a message event', async () => {
      const server = await loopback.serve()
      const first = loopback.socket(server.url)
      first.onopen = () => first.close(3001)
      expect(await (await server.accept()).closed).to.deep.equal({ code: 3001, reason: '' })

      const second = await loopback.open(server.url)
      const events = record(second)
      second.onmessage = () => second.close(3002)
      const peer = await server.accept()
      peer.socket.send('one')
      peer.socket.send('two')
      await next(second, 'close')
      expect(events).to.deep.equal(['message one', 'close 3002 clean'])
    })

    it('lets no message through any more, though the server goes on', async () => {
      const { socket, peer } = await loopback.rawPair()
      const events = record(socket)
      socket.close()
      expect((await peer.readFrame()).opcode).to.equal(CLOSE)
      await peer.write(Buffer.concat([frame(TEXT, 'late'), frame(BINARY, 'later'), frame(CLOSE, closeBody(1000))]))
      peer.end()
      await next(socket, 'close')
      expect(events).to.deep.equal(['close 1000 clean'])
    })
  })

  describe('while connecting', () => {
    const lines = ['error', 'close 1006 unclean']

    async function closeAndSee(socket: WebSocket): Promise<void> {
      const events = record(socket)
      const states: number[] = []
      socket.onerror = () => states.push(socket.readyState)
      socket.close(3001, 'reason')
      expect(socket.readyState).to.equal(WebSocket.CLOSING)
      expect(events).to.deep.equal([])
      await next(socket, 'close')
      expect(events).to.deep.equal(lines)
      expect(states).to.deep.equal([WebSocket.CLOSED])
      expect(failure(socket)!.code).to.equal('WS_ERR_CLOSED_BEFORE_OPEN')
    }

    it('fails the connection at once, before any is made', async () => {
      const server = await loopback.serve()
      await closeAndSee(loopback.socket(server.url))
    })

    it('fails the connection that waits for its transport', async () => {
      let aborted: unknown
      const socket = loopback.socket('ws://host.test/', {
        connect: ({ signal }) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject((aborted = signal.reason)))
          }),
      })
      await turn()
      await closeAndSee(socket)
      expect(aborted).to.equal(failure(socket))
    })

    it('fails the connection that waits for the server to answer', async () => {
      const server = await loopback.serveRaw()
      const socket = loopback.socket(server.url)
      const peer = await server.accept()
      await closeAndSee(socket)
      await peer.ended
    })

    it('fails the connection that was made when the open event was still to come', async () => {
      const server = await loopback.serve()
      const other = await loopback.open(server.url)
      const accepted = await server.accept()
      const { pipe, answered } = await pipeToRaw()
      const socket = loopback.socket('ws://host.test/', { connect: () => pipe })
      const events = record(socket)
      await answered
      // The response came within the call, and the task of the open event has not run.
      expect(socket.readyState).to.equal(WebSocket.CONNECTING)
      socket.close()
      expect(socket.readyState).to.equal(WebSocket.CLOSING)
      await next(socket, 'close')
      expect(events).to.deep.equal(lines)
      // Nothing follows, the open event least of all: shown by a whole exchange.
      accepted.socket.send('still here')
      await next(other, 'message')
      expect(events).to.deep.equal(lines)
    })

    /** A pipe that answers the request in the same turn, so that the test can go on before any task. */
    async function pipeToRaw(): Promise<{ pipe: Pipe; answered: Promise<void> }> {
      let sink: PipeSink
      let done!: () => void
      const answered = new Promise<void>(resolve => {
        done = resolve
      })
      const pipe: Pipe = {
        start(given) {
          sink = given
        },
        write(bytes) {
          const head = Buffer.from(bytes).toString('latin1')
          if (!head.startsWith('GET ')) return true
          queueMicrotask(() => {
            sink.data(acceptanceFor(head))
            done()
          })
          return true
        },
        end() {
          queueMicrotask(() => sink.close())
        },
        abort() {
          queueMicrotask(() => sink.close())
        },
        pause() {},
        resume() {},
      }
      return { pipe, answered }
    }
  })
})
