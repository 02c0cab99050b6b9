import { setImmediate as turn } from 'node:timers/promises'
import { expect } from 'chai'
import { drained, failure, handshake, ping, ref, terminate, unref, WebSocket } from '#lib/entry/node.js'
import { expectDOMException, expectTypeError, rejectionOf } from '../support/expect.ts'
import { CLOSE, frame, PING, PONG, TEXT } from '../support/raw-server.ts'
import { gone, next, record, useLoopback } from '../support/ws-server.ts'

describe('Functions beside the classes', () => {
  const loopback = useLoopback()

  it('throw a TypeError for what is no WebSocket of this package', () => {
    for (const call of [ping, terminate, ref, unref, drained, handshake, failure] as ((socket: any) => unknown)[]) {
      for (const value of [undefined, null, {}, 'socket', 5, new EventTarget(), WebSocket, WebSocket.prototype]) {
        expectTypeError(() => call(value))
      }
    }
  })

  it('are no members of the class', () => {
    for (const name of ['ping', 'terminate', 'ref', 'unref', 'drained', 'handshake', 'failure']) {
      expect(name in WebSocket.prototype, name).to.equal(false)
      expect(name in WebSocket, name).to.equal(false)
    }
  })

  it('reach through a Proxy', async () => {
    const { socket, peer } = await loopback.pair()
    const proxy = new Proxy(socket, {})
    expect(await ping(proxy)).to.be.a('number')
    expect(handshake(proxy)!.status).to.equal(101)
    expect(failure(proxy)).to.equal(undefined)
    await drained(proxy)
    unref(proxy)
    ref(proxy)
    terminate(proxy)
    expect((await peer.closed).code).to.equal(1006)
  })

  describe('ping', () => {
    it('sends one, and resolves with the milliseconds to its pong', async () => {
      const { socket, peer } = await loopback.rawPair()
      const before = performance.now()
      const answer = ping(socket)
      const { opcode, payload, masked, fin } = await peer.readFrame()
      expect({ opcode, masked, fin }).to.deep.equal({ opcode: PING, masked: true, fin: true })
      expect(payload).to.have.lengthOf(0)
      await peer.send(PONG)
      const milliseconds = await answer
      expect(milliseconds).to.be.within(0, performance.now() - before)
    })

    it('has a payload of text or bytes', async () => {
      const { socket, peer } = await loopback.rawPair()
      const bytes = Uint8Array.of(0, 1, 2, 3, 4)
      const payloads: [string | ArrayBuffer | ArrayBufferView, number[]][] = [
        ['é', [0xc3, 0xa9]],
        [bytes, [0, 1, 2, 3, 4]],
        [bytes.subarray(1, 3), [1, 2]],
        [new DataView(bytes.buffer, 3), [3, 4]],
        [bytes.buffer, [0, 1, 2, 3, 4]],
        ['x'.repeat(125), Array(125).fill(120)],
      ]
      for (const [data, expected] of payloads) {
        const answer = ping(socket, data)
        const { payload } = await peer.readFrame()
        expect([...payload]).to.deep.equal(expected)
        await peer.send(PONG, payload)
        await answer
      }
    })

    it('has its payload copied', async () => {
      const { socket, peer } = await loopback.rawPair()
      const data = Uint8Array.of(1, 2, 3)
      const answer = ping(socket, data)
      data.fill(9)
      const { payload } = await peer.readFrame()
      expect([...payload]).to.deep.equal([1, 2, 3])
      await peer.send(PONG, payload)
      await answer
    })

    it('throws for a payload that a control frame has no room for, and for shared memory', async () => {
      const { socket } = await loopback.pair()
      expect(() => ping(socket, 'x'.repeat(126))).to.throw(RangeError, '126')
      expect(() => ping(socket, '€'.repeat(42))).to.throw(RangeError, '126')
      expect(() => ping(socket, new Uint8Array(126))).to.throw(RangeError)
      expectTypeError(() => ping(socket, new Uint8Array(new SharedArrayBuffer(1))))
      expectTypeError(() => ping(socket, Symbol('data') as never))
    })

    it('throws an InvalidStateError unless the socket is open', async () => {
      const server = await loopback.serve()
      const socket = loopback.socket(server.url)
      expectDOMException(() => ping(socket), 'InvalidStateError')
      await next(socket, 'open')
      socket.close()
      expectDOMException(() => ping(socket), 'InvalidStateError')
      await next(socket, 'close')
      expectDOMException(() => ping(socket), 'InvalidStateError')
    })

    it('is answered by its own pong and those of later ones, and by no others', async () => {
      const { socket, peer } = await loopback.rawPair()
      const order: string[] = []
      const answers = ['a', 'b', 'c'].map(name => ping(socket, name).then(() => order.push(name)))
      for (const name of ['a', 'b', 'c']) expect((await peer.readFrame()).text).to.equal(name)
      await peer.write(Buffer.concat([frame(PONG, 'unknown'), frame(PONG), frame(TEXT, 'seen')]))
      await next(socket, 'message')
      expect(order).to.deep.equal([])
      await peer.write(Buffer.concat([frame(PONG, 'b'), frame(TEXT, 'seen')]))
      await next(socket, 'message')
      expect(order).to.deep.equal(['a', 'b'])
      await peer.send(PONG, 'c')
      await Promise.all(answers)
    })

    it('rejects with the failure if the connection is lost before, and need not be caught', async () => {
      const { socket, peer } = await loopback.rawPair()
      const answer = rejectionOf(ping(socket))
      void ping(socket)
      peer.reset()
      expect(await answer).to.equal(failure(socket))
      expect(failure(socket)!.code).to.equal('WS_ERR_CONNECTION_LOST')
    })

    it('rejects if the connection is closed before', async () => {
      const { socket, peer } = await loopback.rawPair()
      const answer = rejectionOf(ping(socket))
      socket.close()
      while ((await peer.readFrame()).opcode !== CLOSE);
      await peer.send(CLOSE)
      peer.end()
      expect(await answer).to.be.an.instanceof(Error)
      expect(failure(socket)).to.equal(undefined)
    })

    it('fires no event', async () => {
      const { socket, peer } = await loopback.pair()
      const events = record(socket)
      await ping(socket, 'quiet')
      peer.socket.ping('from the server')
      peer.socket.pong('unasked')
      peer.socket.send('text')
      await next(socket, 'message')
      expect(events).to.deep.equal(['message text'])
    })
  })

  describe('terminate', () => {
    const lost = ['error', 'close 1006 unclean']

    it('drops an open connection without a closing handshake', async () => {
      const { socket, peer } = await loopback.rawPair()
      const events = record(socket)
      const bytes = peer.readToEnd()
      expect(terminate(socket)).to.equal(undefined)
      expect(socket.readyState).to.equal(WebSocket.CLOSING)
      expect(events).to.deep.equal([])
      for (let round = 0; round < 50; round++) await null
      expect(events).to.deep.equal([])
      await next(socket, 'close')
      expect(events).to.deep.equal(lost)
      expect(failure(socket)!.code).to.equal('WS_ERR_TERMINATED')
      expect(await bytes).to.have.lengthOf(0)
    })

    it('drops a connection that is being opened', async () => {
      const server = await loopback.serveRaw()
      const socket = loopback.socket(server.url)
      const events = record(socket)
      const peer = await server.accept()
      terminate(socket)
      expect(socket.readyState).to.equal(WebSocket.CLOSING)
      await next(socket, 'close')
      expect(events).to.deep.equal(lost)
      expect(failure(socket)!.code).to.equal('WS_ERR_TERMINATED')
      await gone(peer)
    })

    it('drops a connection that is being closed', async () => {
      const { socket, peer } = await loopback.rawPair()
      const events = record(socket)
      socket.close()
      expect((await peer.readFrame()).opcode).to.equal(CLOSE)
      terminate(socket)
      await next(socket, 'close')
      expect(events).to.deep.equal(lost)
      expect(failure(socket)!.code).to.equal('WS_ERR_TERMINATED')
      await gone(peer)
    })

    it('does not wait for the server after both Close frames, and that is clean', async () => {
      const { socket, peer } = await loopback.rawPair()
      const events = record(socket)
      await peer.send(CLOSE)
      expect((await peer.readFrame()).opcode).to.equal(CLOSE)
      terminate(socket)
      await next(socket, 'close')
      expect(events).to.deep.equal(['close 1005 clean'])
      await gone(peer)
    })

    it('does nothing to a socket that is closed, and nothing twice', async () => {
      const { socket, peer } = await loopback.pair()
      const events = record(socket)
      terminate(socket)
      terminate(socket)
      await next(socket, 'close')
      terminate(socket)
      expect(socket.readyState).to.equal(WebSocket.CLOSED)
      await peer.closed
      await turn()
      expect(events).to.deep.equal(lost)
    })

    it('lets no message through that has come already', async () => {
      const { socket, peer } = await loopback.rawPair()
      const events = record(socket)
      socket.addEventListener('message', () => terminate(socket))
      await peer.write(Buffer.concat([frame(TEXT, 'one'), frame(TEXT, 'two')]))
      await next(socket, 'close')
      expect(events).to.deep.equal(['message one', ...lost])
    })
  })

  describe('drained', () => {
    const megabyte = new Uint8Array(1024 * 1024)

    it('resolves if nothing waits, in every state', async () => {
      const server = await loopback.serve()
      const socket = loopback.socket(server.url)
      expect(await drained(socket)).to.equal(undefined)
      await next(socket, 'open')
      await drained(socket)
      socket.close()
      await drained(socket)
      await next(socket, 'close')
      await drained(socket)
    })

    it('rejects when the connection is lost, which is no unhandled rejection if nobody looks', async () => {
      const { socket, peer } = await loopback.rawPair({ perMessageDeflate: false })
      const unhandled: unknown[] = []
      const note = (reason: unknown): void => void unhandled.push(reason)
      process.on('unhandledRejection', note)
      try {
        peer.pause()
        for (let index = 0; index < 24; index++) socket.send(megabyte)
        const dropped = drained(socket)
        const closed = next(socket, 'close')
        await peer.write('')
        terminate(socket)
        await closed
        for (let turn = 0; turn < 3; turn++) await new Promise(resolve => setImmediate(resolve))
        expect(unhandled).to.deep.equal([])
        expect(await rejectionOf(dropped)).to.equal(failure(socket))
      } finally {
        process.off('unhandledRejection', note)
      }
    })

    it('resolves when all has left, for all who wait', async () => {
      const { socket, peer } = await loopback.rawPair()
      peer.pause()
      for (let index = 0; index < 12; index++) socket.send(megabyte)
      let done = 0
      const waits = [1, 2, 3].map(() => drained(socket).then(() => done++))
      await turn()
      await turn()
      expect(done).to.equal(0)
      expect(socket.bufferedAmount).to.be.greaterThan(0)
      peer.resume()
      for (let index = 0; index < 12; index++) await peer.readFrame()
      await Promise.all(waits)
      expect(socket.bufferedAmount).to.equal(0)
    })

    it('waits for a Blob too', async () => {
      const { socket, peer } = await loopback.pair()
      socket.send(new Blob(['blob']))
      const wait = drained(socket)
      expect(socket.bufferedAmount).to.equal(4)
      await wait
      expect(socket.bufferedAmount).to.equal(0)
      expect((await peer.message()).text).to.equal('blob')
    })

    it('can be the pace of a loop', async () => {
      const { socket, peer } = await loopback.pair()
      for (let index = 0; index < 20; index++) {
        socket.send(`${index}`)
        await drained(socket)
        expect(socket.bufferedAmount).to.equal(0)
      }
      for (let index = 0; index < 20; index++) expect((await peer.message()).text).to.equal(`${index}`)
    })

    it('rejects with the failure if the connection is lost before', async () => {
      const { socket, peer } = await loopback.rawPair()
      peer.pause()
      for (let index = 0; index < 12; index++) socket.send(megabyte)
      const wait = rejectionOf(drained(socket))
      peer.reset()
      expect(await wait).to.equal(failure(socket))
      expect(failure(socket)!.code).to.equal('WS_ERR_CONNECTION_LOST')
    })

    it('rejects if the socket is closed and what is left will never leave', async () => {
      const { socket } = await loopback.pair()
      socket.close()
      socket.send('never')
      const early = rejectionOf(drained(socket))
      await next(socket, 'close')
      expect(await early).to.be.an.instanceof(Error)
      expect(await rejectionOf(drained(socket))).to.be.an.instanceof(Error)

      const lost = await loopback.pair()
      terminate(lost.socket)
      lost.socket.send('never')
      await next(lost.socket, 'close')
      expect(await rejectionOf(drained(lost.socket))).to.equal(failure(lost.socket))
    })
  })

  describe('ref and unref', () => {
    const symbols = { ref: Symbol.for('nodejs.ref'), unref: Symbol.for('nodejs.unref') } as const

    it('return nothing, and may be called in every state', async () => {
      const server = await loopback.serve()
      const socket = loopback.socket(server.url)
      const call = (): void => {
        for (const change of [unref, unref, ref, ref]) expect(change(socket)).to.equal(undefined)
        for (const symbol of [symbols.unref, symbols.ref]) expect((socket as any)[symbol]()).to.equal(undefined)
      }
      call()
      await next(socket, 'open')
      call()
      socket.close()
      call()
      await next(socket, 'close')
      call()
    })

    it('are there by their symbols, on the prototype, not enumerable', () => {
      for (const symbol of Object.values(symbols)) {
        const descriptor = Object.getOwnPropertyDescriptor(WebSocket.prototype, symbol)
        expect(descriptor).to.include({ enumerable: false })
        expect(descriptor!.value).to.be.a('function')
        expectTypeError(() => descriptor!.value.call({}))
      }
    })
  })
})
