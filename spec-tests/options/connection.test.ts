import { setImmediate as turn } from 'node:timers/promises'
import { expect } from 'chai'
import { failure, ping, WebSocket, type WebSocketOptions } from '#lib/entry/node.js'
import { BINARY, CLOSE, CONTINUATION, closeBody, frame, PING, PONG, type RawPeer, TEXT } from '../support/raw-server.ts'
import { gone, next, record, useLoopback } from '../support/ws-server.ts'

const FAILED = ['error', 'close 1006 unclean']

describe('Options of an open connection', () => {
  const loopback = useLoopback()

  async function expectFailure(socket: WebSocket, code: string): Promise<void> {
    const events = record(socket)
    await next(socket, 'close')
    expect(events).to.deep.equal(FAILED)
    expect(failure(socket)!.code).to.equal(code)
  }

  describe('heartbeat', () => {
    it('is off by default, and if it is false', async () => {
      const quiet = [await loopback.rawPair(), await loopback.rawPair({ heartbeat: false })]
      const beating = await loopback.rawPair({ heartbeat: { interval: 10 } })
      for (let beat = 0; beat < 3; beat++) {
        expect((await beating.peer.readFrame()).opcode).to.equal(PING)
        await beating.peer.send(PONG)
      }
      for (const { socket, peer } of quiet) {
        socket.send('first')
        expect((await peer.readFrame()).text).to.equal('first')
      }
    })

    it('pings at the interval while the server answers', async () => {
      const { socket, peer } = await loopback.rawPair({ heartbeat: { interval: 10, timeout: 1000 } })
      for (let beat = 0; beat < 5; beat++) {
        const { opcode, payload, masked } = await peer.readFrame()
        expect({ opcode, masked }).to.deep.equal({ opcode: PING, masked: true })
        await peer.send(PONG, payload)
      }
      expect(socket.readyState).to.equal(WebSocket.OPEN)
    })

    it('takes any byte of the server for a sign of life', async () => {
      const { socket, peer } = await loopback.rawPair({ heartbeat: { interval: 10, timeout: 1000 } })
      const answers = [frame(TEXT, 'text'), frame(PING), frame(BINARY, Buffer.alloc(10)).subarray(0, 3)]
      for (const answer of answers) {
        expect((await peer.readFrame()).opcode).to.equal(PING)
        await peer.write(answer)
        if (answer[0] === (0x80 | PING)) expect((await peer.readFrame()).opcode).to.equal(PONG)
      }
      expect((await peer.readFrame()).opcode).to.equal(PING)
      expect(socket.readyState).to.equal(WebSocket.OPEN)
    })

    it('gives up a server that is dead: error and close 1006', async () => {
      const { socket, peer } = await loopback.rawPair({ heartbeat: { interval: 10, timeout: 20 } })
      await expectFailure(socket, 'WS_ERR_HEARTBEAT_TIMEOUT')
      expect(failure(socket)!.message).to.match(/\b20 ms/)
      expect((await peer.readFrame()).opcode).to.equal(PING)
      await gone(peer)
    })

    it('gives up after the interval if there is no timeout', async () => {
      const { socket } = await loopback.rawPair({ heartbeat: { interval: 15 } })
      await expectFailure(socket, 'WS_ERR_HEARTBEAT_TIMEOUT')
      expect(failure(socket)!.message).to.match(/\b15 ms/)
    })

    it('gives up a server that dies later, too', async () => {
      const { socket, peer } = await loopback.rawPair({ heartbeat: { interval: 10, timeout: 20 } })
      for (let beat = 0; beat < 3; beat++) {
        await peer.readFrame()
        await peer.send(PONG)
      }
      await expectFailure(socket, 'WS_ERR_HEARTBEAT_TIMEOUT')
    })

    it('ends with the closing handshake, which has a limit of its own', async () => {
      const heartbeat = { interval: 10, timeout: 10 }
      const { socket, peer } = await loopback.rawPair({ heartbeat })
      socket.close()
      let last = await peer.readFrame()
      while (last.opcode === PING) last = await peer.readFrame()
      expect(last.opcode).to.equal(CLOSE)
      const rest = peer.readToEnd()
      // The time in which a dead peer is noticed passes, twice.
      for (let time = 0; time < 2; time++) {
        const other = await loopback.rawPair({ heartbeat })
        await expectFailure(other.socket, 'WS_ERR_HEARTBEAT_TIMEOUT')
      }
      await peer.send(CLOSE)
      peer.end()
      expect((await next(socket, 'close')).wasClean).to.equal(true)
      expect(await rest).to.have.lengthOf(0)
      expect(failure(socket)).to.equal(undefined)
    })
  })

  describe('maxPayload', () => {
    async function expectTooBig(socket: WebSocket, peer: RawPeer): Promise<void> {
      const close = peer.readFrame()
      await expectFailure(socket, 'WS_ERR_MESSAGE_TOO_BIG')
      expect((await close).payload).to.deep.equal(closeBody(1009))
    }

    for (const [opcode, name] of [
      [TEXT, 'text'],
      [BINARY, 'binary'],
    ] as const) {
      it(`lets through ${name} of just that many bytes, and fails more with 1009`, async () => {
        const { socket, peer } = await loopback.rawPair({ maxPayload: 200 })
        socket.binaryType = 'arraybuffer'
        await peer.send(opcode, Buffer.alloc(200, 97))
        const { data } = await next(socket, 'message')
        expect(data.length ?? data.byteLength).to.equal(200)
        await peer.send(opcode, Buffer.alloc(201, 97))
        await expectTooBig(socket, peer)
      })

      it(`counts the ${name} of all fragments of a message`, async () => {
        const { socket, peer } = await loopback.rawPair({ maxPayload: 200 })
        const half = Buffer.alloc(100, 97)
        await peer.write(Buffer.concat([frame(opcode, half, { fin: false }), frame(CONTINUATION, half)]))
        await next(socket, 'message')
        await peer.write(frame(opcode, half, { fin: false }))
        await peer.write(frame(CONTINUATION, half, { fin: false }))
        await peer.write(frame(CONTINUATION, 'a'))
        await expectTooBig(socket, peer)
      })
    }

    it('counts bytes, not characters', async () => {
      const { socket, peer } = await loopback.rawPair({ maxPayload: 6 })
      await peer.send(TEXT, '€€')
      expect((await next(socket, 'message')).data).to.equal('€€')
      await peer.send(TEXT, '€€a')
      await expectTooBig(socket, peer)
    })

    it('is checked as soon as the header is here', async () => {
      const { socket, peer } = await loopback.rawPair({ maxPayload: 1000 })
      await peer.write(frame(BINARY, '', { length: 1001, lengthBits: 16 }))
      await expectTooBig(socket, peer)
    })

    it('is 128 MiB by default', async () => {
      const { socket, peer } = await loopback.rawPair()
      await peer.write(frame(BINARY, '', { length: 128 * 1024 * 1024 + 1, lengthBits: 64 }))
      await expectTooBig(socket, peer)
      const other = await loopback.rawPair()
      await other.peer.write(frame(BINARY, '', { length: 128 * 1024 * 1024, lengthBits: 64 }))
      other.socket.send('answer')
      expect((await other.peer.readFrame()).text).to.equal('answer')
      expect(failure(other.socket)).to.equal(undefined)
    })

    it('is none if it is 0', async () => {
      const { socket, peer } = await loopback.rawPair({ maxPayload: 0 })
      await peer.write(frame(BINARY, '', { length: 128 * 1024 * 1024 + 1, lengthBits: 64 }))
      socket.send('answer')
      expect((await peer.readFrame()).text).to.equal('answer')
      await turn()
      expect(socket.readyState).to.equal(WebSocket.OPEN)
    })

    it('is no limit for what is sent', async () => {
      const { socket, peer } = await loopback.rawPair({ maxPayload: 10 })
      socket.send('a'.repeat(1000))
      expect((await peer.readFrame()).payload).to.have.lengthOf(1000)
    })
  })

  describe('maxFragments', () => {
    const fragments = (count: number): Buffer =>
      Buffer.concat(
        Array.from({ length: count }, (_, index) =>
          frame(index === 0 ? TEXT : CONTINUATION, 'a', { fin: index === count - 1 }),
        ),
      )

    it('lets through a message of just that many frames, and fails more', async () => {
      const { socket, peer } = await loopback.rawPair({ maxFragments: 3 })
      for (const count of [1, 2, 3, 3]) {
        await peer.write(fragments(count))
        expect((await next(socket, 'message')).data).to.equal('a'.repeat(count))
      }
      await peer.write(fragments(4))
      await expectFailure(socket, 'WS_ERR_TOO_MANY_FRAGMENTS')
      expect((await peer.readFrame()).opcode).to.equal(CLOSE)
    })

    it('does not count control frames', async () => {
      const { socket, peer } = await loopback.rawPair({ maxFragments: 2 })
      const parts = [frame(TEXT, 'a', { fin: false }), frame(PONG), frame(PONG), frame(CONTINUATION, 'b')]
      await peer.write(Buffer.concat(parts))
      expect((await next(socket, 'message')).data).to.equal('ab')
    })

    it('is none by default', async () => {
      for (const options of [{}, { maxFragments: 0 }] satisfies WebSocketOptions[]) {
        const { socket, peer } = await loopback.rawPair(options)
        await peer.write(fragments(20_000))
        expect((await next(socket, 'message')).data).to.have.lengthOf(20_000)
      }
    })
  })

  describe('closeTimeout', () => {
    it('is none if it is 0', async () => {
      const { socket, peer } = await loopback.rawPair({ closeTimeout: 0 })
      const other = await loopback.rawPair({ closeTimeout: 20 })
      socket.close()
      other.socket.close()
      await expectFailure(other.socket, 'WS_ERR_CLOSE_TIMEOUT')
      expect(socket.readyState).to.equal(WebSocket.CLOSING)
      expect((await peer.readFrame()).opcode).to.equal(CLOSE)
      await peer.send(CLOSE)
      peer.end()
      expect((await next(socket, 'close')).wasClean).to.equal(true)
    })

    it('does not run while the connection is open', async () => {
      const { socket } = await loopback.pair({ closeTimeout: 20 })
      const other = await loopback.rawPair({ closeTimeout: 20 })
      other.socket.close()
      await expectFailure(other.socket, 'WS_ERR_CLOSE_TIMEOUT')
      await ping(socket)
      expect(socket.readyState).to.equal(WebSocket.OPEN)
    })
  })
})
