import { expect } from 'chai'
import { failure, terminate, type WebSocketOptions } from '#lib/entry/node.js'
import { CLOSE, closeBody, frame, PING, TEXT } from '../support/raw-server.ts'
import { turns } from '../support/turns.ts'
import { expectFailure } from '../support/violation.ts'
import { next, record, useLoopback } from '../support/ws-server.ts'

/** More than the buffers of the system hold, so that most of it waits in the client. */
const LARGE = 32 * 1024 * 1024

describe('RFC 6455 section 7.1: closing over a real connection', function () {
  // A machine with much else to do is slow, and that is no failure.
  this.timeout(60_000)

  const loopback = useLoopback()

  /** A connection whose events are recorded. */
  async function pair(options?: WebSocketOptions) {
    const { socket, peer } = await loopback.rawPair(options)
    return { socket, peer, events: record(socket), closed: next(socket, 'close') }
  }

  /** A connection with more to send than the server, which has stopped reading, takes. */
  async function backlogged() {
    const { socket, peer } = await loopback.rawPair({ perMessageDeflate: false })
    peer.pause()
    socket.send(new Uint8Array(LARGE))
    return { socket, peer, events: record(socket), closed: next(socket, 'close') }
  }

  it('we begin: Close, Close, FIN of the server, FIN of ours', async () => {
    const { socket, peer, events, closed } = await pair()
    socket.close(3000, 'done')
    expect(await peer.readFrame()).to.deep.include({ opcode: CLOSE, payload: closeBody(3000, 'done') })
    await peer.send(TEXT, 'late')
    await peer.send(CLOSE, closeBody(3001, 'too'))
    peer.end()
    await closed
    expect((await peer.readToEnd()).length).to.equal(0)
    // Once closing, no message is given out (the WebSockets Standard, "a WebSocket message has been received").
    expect(events).to.deep.equal(['close 3001 clean too'])
    expect(failure(socket)).to.equal(undefined)
    expect(await peer.closed).to.deep.equal({ error: undefined })
  })

  it('the server begins: its code comes back, then FIN and FIN', async () => {
    const { socket, peer, events, closed } = await pair()
    await peer.write(Buffer.concat([frame(TEXT, 'last'), frame(CLOSE, closeBody(4999, 'bye'))]))
    expect(await peer.readFrame()).to.deep.include({ opcode: CLOSE, payload: closeBody(4999, 'bye') })
    expect(socket.readyState).to.equal(socket.CLOSING)
    peer.end()
    await closed
    await peer.ended
    expect(events).to.deep.equal(['message last', 'close 4999 clean bye'])
  })

  it('an empty Close frame is 1005, and is answered by an empty one', async () => {
    const { peer, events, closed } = await pair()
    await peer.send(CLOSE)
    expect(await peer.readFrame()).to.deep.include({ opcode: CLOSE, payload: Buffer.alloc(0) })
    peer.end()
    await closed
    expect(events).to.deep.equal(['close 1005 clean'])
  })

  it('Close frames that cross each other are enough', async () => {
    const { socket, peer, events, closed } = await pair()
    socket.close(3000, 'ours')
    await peer.send(CLOSE, closeBody(4000, 'theirs'))
    expect(await peer.readFrame()).to.deep.include({ opcode: CLOSE, payload: closeBody(3000, 'ours') })
    peer.end()
    await closed
    expect((await peer.readToEnd()).length).to.equal(0)
    expect(events).to.deep.equal(['close 4000 clean theirs'])
  })

  it('a Close frame and the FIN in one packet', async () => {
    const { peer, events, closed } = await pair()
    const answer = peer.readFrame()
    void peer.send(CLOSE, closeBody(1001))
    peer.end()
    await closed
    expect(await answer).to.deep.include({ opcode: CLOSE, payload: closeBody(1001) })
    expect(events).to.deep.equal(['close 1001 clean'])
  })

  it('frames behind a Close frame are not read', async () => {
    const { peer, events, closed } = await pair()
    await peer.write(Buffer.concat([frame(CLOSE, closeBody(1000)), frame(TEXT, 'behind'), frame(PING), frame(0x3)]))
    expect(await peer.readFrame()).to.deep.include({ opcode: CLOSE, payload: closeBody(1000) })
    peer.end()
    await closed
    expect((await peer.readToEnd()).length).to.equal(0)
    expect(events).to.deep.equal(['close 1000 clean'])
  })

  it('a server that answers but does not end TCP: we do, after closeTimeout, and it was clean', async () => {
    const { socket, peer, events, closed } = await pair({ closeTimeout: 20 })
    socket.close(1000)
    await peer.readFrame()
    await peer.send(CLOSE, closeBody(1000))
    await closed
    await peer.ended
    expect(events).to.deep.equal(['close 1000 clean'])
    expect(failure(socket)).to.equal(undefined)
  })

  it('a server that begins but does not end TCP: the same', async () => {
    const { peer, events, closed } = await pair({ closeTimeout: 20 })
    await peer.send(CLOSE, closeBody(1000))
    await peer.readFrame()
    await closed
    await peer.ended
    expect(events).to.deep.equal(['close 1000 clean'])
  })

  it('a server that does not end TCP: we do, 2 s after both Close frames, and it was clean', async () => {
    const weBegin = await loopback.rawPair()
    const theyBegin = await loopback.rawPair()
    const start = performance.now()
    const ends = [weBegin, theyBegin].map(async ({ socket }) => {
      const { code, wasClean } = await next(socket, 'close')
      expect({ code, wasClean }).to.deep.equal({ code: 1000, wasClean: true })
      expect(performance.now() - start).to.be.within(1900, 15_000)
    })
    weBegin.socket.close(1000)
    await weBegin.peer.readFrame()
    await weBegin.peer.send(CLOSE, closeBody(1000))
    await theyBegin.peer.send(CLOSE, closeBody(1000))
    await theyBegin.peer.readFrame()
    await Promise.all(ends)
  })

  it('a server that closes and ends TCP, and does not take what waits: given up after 2 s, not clean', async () => {
    const { socket, peer, events, closed } = await backlogged()
    const start = performance.now()
    await peer.send(CLOSE, closeBody(1001))
    peer.end()
    await closed
    expect(performance.now() - start).to.be.within(1900, 15_000)
    expect(events).to.deep.equal(['error', 'close 1001 unclean'])
    expect(failure(socket)?.code).to.equal('WS_ERR_CLOSE_TIMEOUT')
    expect(socket.bufferedAmount).to.be.above(0)
  })

  it('a server that closes, reads no more and resets: not clean, with its code, and an error event', async () => {
    const { socket, peer, events, closed } = await backlogged()
    await peer.send(CLOSE, closeBody(1001))
    while (socket.readyState === socket.OPEN) await turns(1)
    peer.reset()
    await closed
    expect(events).to.deep.equal(['error', 'close 1001 unclean'])
    expect(failure(socket)?.code).to.equal('WS_ERR_CONNECTION_LOST')
    expect(socket.bufferedAmount).to.be.above(0)
  })

  it('terminate() while our Close frame waits: not clean', async () => {
    const { socket, peer, events, closed } = await backlogged()
    await peer.send(CLOSE, closeBody(1001))
    while (socket.readyState === socket.OPEN) await turns(1)
    terminate(socket)
    await closed
    expect(events).to.deep.equal(['error', 'close 1001 unclean'])
    expect(failure(socket)?.code).to.equal('WS_ERR_TERMINATED')
  })

  it('a server that does not answer: failed after closeTimeout', async () => {
    const { socket, peer, events, closed } = await pair({ closeTimeout: 20 })
    socket.close(1000)
    await peer.readFrame()
    await closed
    await peer.ended
    expect(events).to.deep.equal(['error', 'close 1006 unclean'])
    expect(failure(socket)?.code).to.equal('WS_ERR_CLOSE_TIMEOUT')
  })

  it('a server that breaks the rules and then neither reads nor ends: dropped after closeTimeout', async () => {
    const { socket, peer } = await loopback.rawPair({ closeTimeout: 20 })
    const closed = next(socket, 'close')
    await peer.send(0x3)
    await closed
    await peer.ended
    // Our socket is gone when bytes of the server's are answered with a reset.
    const gone = peer.closed
    let open = true
    void gone.then(() => {
      open = false
    })
    for (let tries = 0; open && tries < 1500; tries++) {
      await peer.send(TEXT, 'a').catch(() => {})
      await new Promise(resolve => setTimeout(resolve, 1))
    }
    expect((await gone).error).to.be.an.instanceof(Error)
  })

  for (const [what, bytes] of [
    ['between messages', Buffer.alloc(0)],
    ['in the middle of a header', frame(TEXT, 'cut').subarray(0, 1)],
    ['in the middle of a frame', frame(TEXT, 'cut').subarray(0, 4)],
    ['in the middle of a message', frame(TEXT, 'cut', { fin: false })],
  ] as const) {
    it(`a FIN without a Close frame, ${what}: error and close 1006, and our FIN`, async () => {
      const { socket, peer, events, closed } = await pair()
      void peer.write(Buffer.concat([frame(TEXT, 'whole'), bytes]))
      peer.end()
      await closed
      expect((await peer.readToEnd()).length).to.equal(0)
      expect(events).to.deep.equal(['message whole', 'error', 'close 1006 unclean'])
      expect(failure(socket)?.code).to.equal('WS_ERR_CONNECTION_LOST')
    })

    it(`a reset, ${what}: error and close 1006, and the cause`, async () => {
      const { socket, peer, events, closed } = await pair()
      // A reset overtakes bytes that were not read, so their arrival has to be seen.
      const arrived = next(socket, 'message')
      await peer.write(Buffer.concat([frame(TEXT, 'whole'), bytes]))
      await arrived
      peer.reset()
      await closed
      expect(events).to.deep.equal(['message whole', 'error', 'close 1006 unclean'])
      expect(failure(socket)?.code).to.equal('WS_ERR_CONNECTION_LOST')
      expect(failure(socket)?.cause).to.include({ code: 'ECONNRESET' })
    })
  }

  it('a reset instead of an answer to our Close frame: 1006', async () => {
    const { socket, peer, events, closed } = await pair()
    socket.close(1000)
    await peer.readFrame()
    peer.reset()
    await closed
    expect(events).to.deep.equal(['error', 'close 1006 unclean'])
  })

  it('terminate drops TCP without a Close frame', async () => {
    const { socket, peer, events, closed } = await pair()
    terminate(socket)
    await closed
    expect((await peer.readToEnd()).length).to.equal(0)
    expect(events).to.deep.equal(['error', 'close 1006 unclean'])
    expect(failure(socket)?.code).to.equal('WS_ERR_TERMINATED')
  })

  for (const [what, body, code] of [
    ['a body of one byte', Buffer.from([3]), 1002],
    ['the code 1005', closeBody(1005), 1002],
    ['the code 1006', closeBody(1006), 1002],
    ['the code 1015', closeBody(1015), 1002],
    ['the code 999', closeBody(999), 1002],
    ['the code 2999', closeBody(2999), 1002],
    ['the code 5000', closeBody(5000), 1002],
    ['a reason that is not UTF-8', closeBody(1000, Buffer.from([0xc3, 0x28])), 1007],
  ] as const) {
    it(`a Close frame with ${what} fails the connection with ${code}`, async () => {
      await expectFailure(await loopback.rawPair(), frame(CLOSE, body), code, 'WS_ERR_INVALID_CLOSE')
    })
  }
})
