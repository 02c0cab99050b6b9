import { setImmediate as turn } from 'node:timers/promises'
import { expect } from 'chai'
import { failure, ping, WebSocket } from '#lib/entry/node.js'
import { memoryPair } from '#lib/transport/memory.js'
import { acceptanceFor } from '../support/acceptance.ts'
import { CLOSE, closeBody, frame, type RawPeer, TEXT } from '../support/raw-server.ts'
import { next, record, useLoopback } from '../support/ws-server.ts'

/** https://websockets.spec.whatwg.org/#closeWebSocket, from the Close frame to the close event */
describe('WHATWG WebSocket closing', () => {
  const loopback = useLoopback()

  async function answerClose(peer: RawPeer, body: Uint8Array = new Uint8Array(0)): Promise<void> {
    expect((await peer.readFrame()).opcode).to.equal(CLOSE)
    await peer.send(CLOSE, body)
    peer.end()
  }

  describe('closing handshake', () => {
    it('begun by the client: the event has what the server answers', async () => {
      const server = await loopback.serve()
      const socket = await loopback.open(server.url)
      const peer = await server.accept()
      const event = closing(socket)
      socket.close(3001, 'bye')
      expect(await peer.closed).to.deep.equal({ code: 3001, reason: 'bye' })
      expect(await event).to.deep.equal({ code: 3001, reason: 'bye', wasClean: true })
    })

    it('begun by the client: another code and reason of the server count', async () => {
      const { socket, peer } = await loopback.rawPair()
      socket.close(3001, 'mine')
      await answerClose(peer, closeBody(4321, 'théirs'))
      expect(await closing(socket)).to.deep.equal({ code: 4321, reason: 'théirs', wasClean: true })
    })

    it('begun by the client: an empty answer is 1005', async () => {
      const { socket, peer } = await loopback.rawPair()
      socket.close(3001, 'mine')
      await answerClose(peer)
      expect(await closing(socket)).to.deep.equal({ code: 1005, reason: '', wasClean: true })
    })

    it('begun by the server: it is answered with its code, and the event has code and reason', async () => {
      const { socket, peer } = await loopback.rawPair()
      const events = record(socket)
      await peer.send(CLOSE, closeBody(1001, 'going away'))
      const answer = await peer.readFrame()
      expect(answer.opcode).to.equal(CLOSE)
      expect(Buffer.from(answer.payload).readUInt16BE()).to.equal(1001)
      expect(socket.readyState).to.equal(WebSocket.CLOSING)
      expect(events).to.deep.equal([])
      peer.end()
      expect(await closing(socket)).to.deep.equal({ code: 1001, reason: 'going away', wasClean: true })
      expect(failure(socket)).to.equal(undefined)
    })

    it('begun by the server with an empty frame: it is answered with one, and the code is 1005', async () => {
      const { socket, peer } = await loopback.rawPair()
      await peer.send(CLOSE)
      expect(await peer.readFrame()).to.deep.include({ opcode: CLOSE, payload: Buffer.alloc(0) })
      peer.end()
      expect(await closing(socket)).to.deep.equal({ code: 1005, reason: '', wasClean: true })
    })

    it('begun by the server: messages before it arrive, close() after it does nothing', async () => {
      const { socket, peer } = await loopback.rawPair()
      const events = record(socket)
      await peer.write(Buffer.concat([frame(TEXT, 'last'), frame(CLOSE, closeBody(4000, 'theirs')), frame(TEXT, 'no')]))
      expect(Buffer.from((await peer.readFrame()).payload).readUInt16BE()).to.equal(4000)
      socket.close(3001, 'mine')
      const rest = peer.readToEnd()
      peer.end()
      await next(socket, 'close')
      expect(events).to.deep.equal(['message last', 'close 4000 clean theirs'])
      expect(await rest).to.have.lengthOf(0)
    })

    it('begun by both at once: one Close frame each, and the event has what the server sent', async () => {
      const { socket, peer } = await loopback.rawPair()
      const events = record(socket)
      socket.close(3001, 'mine')
      await peer.send(CLOSE, closeBody(4000, 'theirs'))
      expect((await peer.readFrame()).payload).to.deep.equal(closeBody(3001, 'mine'))
      const rest = peer.readToEnd()
      peer.end()
      await next(socket, 'close')
      expect(await rest).to.have.lengthOf(0)
      expect(events).to.deep.equal(['close 4000 clean theirs'])
    })

    it('takes every code that may stand in a frame', async () => {
      for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999]) {
        const { socket, peer } = await loopback.rawPair()
        await peer.send(CLOSE, closeBody(code))
        await answerClose(peer)
        expect(await closing(socket)).to.deep.equal({ code, reason: '', wasClean: true })
      }
    })

    it('leaves it to the server to close TCP, and then closes its side', async () => {
      const { socket, peer } = await loopback.rawPair()
      const other = await loopback.pair()
      const events = record(socket)
      socket.close(1000)
      expect((await peer.readFrame()).opcode).to.equal(CLOSE)
      await peer.send(CLOSE, closeBody(1000))
      let ended = false
      const end = peer.ended.then(() => {
        ended = true
      })
      // Time enough for an answer from another server.
      await ping(other.socket)
      await ping(other.socket)
      expect(ended).to.equal(false)
      expect(events).to.deep.equal([])
      peer.end()
      await end
      await next(socket, 'close')
      expect(events).to.deep.equal(['close 1000 clean'])
    })

    async function closing(socket: WebSocket): Promise<{ code: number; reason: string; wasClean: boolean }> {
      const { code, reason, wasClean } = await next(socket, 'close')
      return { code, reason, wasClean }
    }
  })

  describe('closeTimeout', () => {
    const options = { closeTimeout: 30 }

    it('fails the connection if the server does not answer the Close frame', async () => {
      const { socket, peer } = await loopback.rawPair(options)
      const events = record(socket)
      socket.close(3001)
      await next(socket, 'close')
      expect(events).to.deep.equal(['error', 'close 1006 unclean'])
      expect(failure(socket)!.code).to.equal('WS_ERR_CLOSE_TIMEOUT')
      await peer.ended
    })

    it('closes TCP if the server answers but does not close it; that is clean', async () => {
      const { socket, peer } = await loopback.rawPair(options)
      const events = record(socket)
      socket.close(3001)
      expect((await peer.readFrame()).opcode).to.equal(CLOSE)
      await peer.send(CLOSE, closeBody(3001, 'answer'))
      await Promise.all([next(socket, 'close'), peer.ended])
      expect(events).to.deep.equal(['close 3001 clean answer'])
      expect(failure(socket)).to.equal(undefined)
    })

    it('waits for a server that still takes what was sent before', async () => {
      const [client, server] = memoryPair()
      const socket = loopback.socket('ws://memory.test/', {
        closeTimeout: 300,
        perMessageDeflate: false,
        connect: client,
      })
      const length = 3 * 1024 * 1024
      let taken = 0
      let interval: NodeJS.Timeout | undefined
      loopback.afterwards(() => clearInterval(interval))
      server.start({
        data(bytes) {
          if (interval === undefined) {
            server.write(acceptanceFor(Buffer.from(bytes).toString('latin1')), false)
            // From now on one piece at a time, three within the limit and all together far beyond it.
            interval = setInterval(() => server.resume(), 100)
            server.pause()
            return
          }
          taken += bytes.length
          if (taken < 14 + length + 8) return server.pause()
          server.write(frame(CLOSE, closeBody(3001, 'all')), false)
          server.end()
        },
        drain() {},
        end() {},
        close() {},
      })
      await next(socket, 'open')
      socket.send(new Uint8Array(length))
      socket.close(3001)
      const events = record(socket)
      await next(socket, 'close')
      expect(events).to.deep.equal(['close 3001 clean all'])
      expect(taken).to.equal(14 + length + 8)
    })

    it('closes TCP if the server begins and then does not close it; that is clean', async () => {
      const { socket, peer } = await loopback.rawPair(options)
      const events = record(socket)
      await peer.send(CLOSE, closeBody(1001, 'away'))
      await Promise.all([next(socket, 'close'), peer.ended])
      expect(events).to.deep.equal(['close 1001 clean away'])
    })

    it('holds though the server goes on sending', async () => {
      const { socket, peer } = await loopback.rawPair(options)
      socket.close(3001)
      let gone = false
      socket.onclose = () => {
        gone = true
      }
      while (!gone) {
        await peer.send(TEXT, 'on and on').catch(() => {})
        await turn()
      }
      expect(failure(socket)!.code).to.equal('WS_ERR_CLOSE_TIMEOUT')
    })
  })

  describe('connection lost', () => {
    const lost = ['error', 'close 1006 unclean']

    it('by a FIN without a Close frame: error and close 1006', async () => {
      const { socket, peer } = await loopback.rawPair()
      const events = record(socket)
      peer.end()
      await next(socket, 'close')
      expect(events).to.deep.equal(lost)
      await peer.ended
    })

    it('by a reset: error and close 1006, with the cause', async () => {
      const { socket, peer } = await loopback.rawPair()
      const events = record(socket)
      peer.reset()
      await next(socket, 'close')
      expect(events).to.deep.equal(lost)
      expect(failure(socket)!.cause).to.have.property('code', 'ECONNRESET')
    })

    it('within a frame: what was whole arrives, the rest does not', async () => {
      const { socket, peer } = await loopback.rawPair()
      const events = record(socket)
      await peer.write(Buffer.concat([frame(TEXT, 'whole'), frame(TEXT, 'half').subarray(0, 4)]))
      peer.end()
      await next(socket, 'close')
      expect(events).to.deep.equal(['message whole', ...lost])
    })

    it('after our Close frame, without one of the server', async () => {
      for (const lose of ['end', 'reset'] as const) {
        const { socket, peer } = await loopback.rawPair()
        const events = record(socket)
        socket.close(3001)
        expect((await peer.readFrame()).opcode).to.equal(CLOSE)
        peer[lose]()
        await next(socket, 'close')
        expect(events).to.deep.equal(lost)
      }
    })

    it('is none after both Close frames, by a reset neither', async () => {
      const { socket, peer } = await loopback.rawPair()
      const events = record(socket)
      await peer.send(CLOSE, closeBody(3001))
      expect((await peer.readFrame()).opcode).to.equal(CLOSE)
      peer.reset()
      await next(socket, 'close')
      expect(events).to.deep.equal(['close 3001 clean'])
      expect(failure(socket)).to.equal(undefined)
    })
  })
})
