import { setImmediate as turn } from 'node:timers/promises'
import { expect } from 'chai'
import { failure, WebSocketError, type WebSocketOpenInfo } from '#lib/entry/node.js'
import { expectDOMException, expectTypeError, rejectionOf } from '../support/expect.ts'
import { CLOSE, closeBody, frame, type RawPeer, TEXT } from '../support/raw-server.ts'
import {
  closeOf,
  expectRejection,
  expectWebSocketError,
  flood,
  readAll,
  stateOf,
  untilStill,
  useStreams,
} from '../support/streams.ts'
import { gone } from '../support/ws-server.ts'

/** More than the buffers of the system hold, so that most of it waits in the client. */
const LARGE = 16 * 1024 * 1024
/** 512 of these are more, too. */
const MESSAGE = frame(TEXT, 'x'.repeat(64 * 1024))

/** https://whatpr.org/websockets/48.html, closing */
describe('WebSocketStream, closing', () => {
  const loopback = useStreams()

  describe('by close()', () => {
    it('sends the code and the reason, and resolves with those of the server', async () => {
      const { stream, readable, writable, peer } = await loopback.rawStreamPair()
      stream.close({ closeCode: 3456, reason: 'pizza' })
      expect(closeOf(await peer.readFrame())).to.deep.equal({ closeCode: 3456, reason: 'pizza' })
      expect(await stateOf(stream.closed)).to.equal('pending')
      await peer.send(CLOSE, closeBody(4000, 'remote €'))
      await turn()
      // The server has to end TCP, too.
      expect(await stateOf(stream.closed)).to.equal('pending')
      peer.end()
      expect(await stream.closed).to.deep.equal({ closeCode: 4000, reason: 'remote €' })
      expect(failure(stream)).to.equal(undefined)
      expect(await readable.getReader().read()).to.deep.equal({ done: true, value: undefined })
      await expectRejection(writable.getWriter().ready, 'InvalidStateError')
    })

    it('sends an empty Close frame without a code, and 1000 with a reason alone', async () => {
      const cases: [unknown[], { closeCode: number; reason: string }][] = [
        [[], { closeCode: 1005, reason: '' }],
        [[undefined], { closeCode: 1005, reason: '' }],
        [[null], { closeCode: 1005, reason: '' }],
        [[{}], { closeCode: 1005, reason: '' }],
        [[{ reason: '' }], { closeCode: 1005, reason: '' }],
        [[{ reason: 'why' }], { closeCode: 1000, reason: 'why' }],
        [[{ closeCode: '3000' }], { closeCode: 3000, reason: '' }],
      ]
      for (const [args, expected] of cases) {
        const { stream, peer } = await loopback.rawStreamPair()
        Reflect.apply(stream.close, stream, args)
        expect(closeOf(await peer.readFrame())).to.deep.equal(expected)
      }
    })

    it('refuses what cannot be sent, and stays open', async () => {
      const { stream, writable, peer } = await loopback.rawStreamPair()
      const close = stream.close.bind(stream) as (info: unknown) => void
      for (const closeCode of [999, 1001, 1005, 2999, 5000]) {
        expectDOMException(() => close({ closeCode }), 'InvalidAccessError')
      }
      expectDOMException(() => close({ reason: 'x'.repeat(124) }), 'SyntaxError')
      for (const info of [true, 'x', 5, { closeCode: 70_000 }, { closeCode: Number.NaN }])
        expectTypeError(() => close(info))
      await writable.getWriter().write('open')
      expect((await peer.readFrame()).text).to.equal('open')
    })

    it('counts once', async () => {
      const { stream, peer } = await loopback.rawStreamPair()
      stream.close({ closeCode: 3000 })
      stream.close({ closeCode: 3001 })
      expect(closeOf(await peer.readFrame()).closeCode).to.equal(3000)
      await peer.send(CLOSE, closeBody(3000))
      peer.end()
      await stream.closed
      stream.close({ closeCode: 3002 })
      expect(await peer.readToEnd()).to.have.lengthOf(0)
    })

    it('does not lose messages that are being sent, nor those that wait in the writable', async () => {
      const { stream, writable, peer } = await loopback.rawStreamPair()
      peer.pause()
      const writer = writable.getWriter()
      const written = [writer.write(new Uint8Array(LARGE)), writer.write('second'), writer.write('third')]
      stream.close({ closeCode: 3000 })
      expect(await stateOf(written[0]!)).to.equal('pending')
      peer.resume()
      expect((await peer.readFrame()).payload).to.have.lengthOf(LARGE)
      expect((await peer.readFrame()).text).to.equal('second')
      expect((await peer.readFrame()).text).to.equal('third')
      expect(closeOf(await peer.readFrame()).closeCode).to.equal(3000)
      await Promise.all(written)
      await peer.send(CLOSE, closeBody(3000))
      peer.end()
      expect((await stream.closed).closeCode).to.equal(3000)
    }).timeout(60_000)

    it('goes on reading what a reader has no room for, to come to the server’s Close frame', async () => {
      const { stream, readable, writable, peer } = await loopback.rawStreamPair()
      const sending = flood(peer, MESSAGE, 512)
      expect(await untilStill(() => sending.sent)).to.be.lessThan(512)
      stream.close({ closeCode: 3000 })
      await sending.done
      expect(closeOf(await peer.readFrame()).closeCode).to.equal(3000)
      await peer.send(CLOSE, closeBody(3000))
      peer.end()
      expect((await stream.closed).closeCode).to.equal(3000)
      // What had come before is still there.
      const messages = await readAll(readable)
      expect(messages.length).to.be.within(1, 511)
      await expectRejection(writable.getWriter().closed, 'InvalidStateError')
    }).timeout(60_000)

    it('lets a reader that reads have all that comes before the server’s Close frame', async () => {
      const { stream, readable, peer } = await loopback.rawStreamPair()
      const reading = readAll(readable)
      stream.close()
      await peer.readFrame()
      for (let index = 0; index < 100; index++) await peer.send(TEXT, `${index}`)
      await peer.send(CLOSE)
      peer.end()
      expect(await reading).to.deep.equal(Array.from({ length: 100 }, (_, index) => `${index}`))
    })
  })

  describe('by the writer', () => {
    it('resolves only when the closing handshake is over', async () => {
      const { stream, writable, peer } = await loopback.rawStreamPair()
      const writer = writable.getWriter()
      await writer.write('last')
      const closed = writer.close()
      expect((await peer.readFrame()).text).to.equal('last')
      expect(closeOf(await peer.readFrame()).closeCode).to.equal(1005)
      expect(await stateOf(closed)).to.equal('pending')
      await peer.send(CLOSE)
      await turn()
      expect(await stateOf(closed)).to.equal('pending')
      peer.end()
      await closed
      await writer.closed
      expect(await stream.closed).to.deep.equal({ closeCode: 1005, reason: '' })
    })

    it('waits for all messages before', async () => {
      const { writable, peer } = await loopback.rawStreamPair()
      const writer = writable.getWriter()
      for (let index = 0; index < 100; index++) void writer.write(`${index}`)
      void writer.close()
      for (let index = 0; index < 100; index++) expect((await peer.readFrame()).text).to.equal(`${index}`)
      expect(closeOf(await peer.readFrame()).closeCode).to.equal(1005)
    })

    it('after close() waits for the same end, with the code of that', async () => {
      const { stream, writable, peer } = await loopback.rawStreamPair()
      const writer = writable.getWriter()
      stream.close({ closeCode: 3000 })
      const closed = writer.close()
      expect(closeOf(await peer.readFrame()).closeCode).to.equal(3000)
      await peer.send(CLOSE, closeBody(3001))
      peer.end()
      await closed
      expect((await stream.closed).closeCode).to.equal(3001)
    })

    it('rejects if the closing handshake fails', async () => {
      const { stream, writable, peer } = await loopback.rawStreamPair()
      const writer = writable.getWriter()
      const closed = writer.close()
      await peer.readFrame()
      peer.end()
      const error = await expectWebSocketError(stream.closed, 1006)
      expect(await rejectionOf(closed)).to.equal(error)
      expect(await rejectionOf(writer.closed)).to.equal(error)
    })
  })

  /** Gives up one of the two streams; both ways have the same meaning. */
  type GiveUp = (info: WebSocketOpenInfo, ...reason: unknown[]) => Promise<void>
  const ways: Record<string, GiveUp> = {
    'abort() of the writable': ({ writable }, ...reason) => writable.abort(...reason),
    'cancel() of the readable': ({ readable }, ...reason) => readable.cancel(...reason),
    'abort() of the writer': ({ writable }, ...reason) => writable.getWriter().abort(...reason),
    'cancel() of the reader': ({ readable }, ...reason) => readable.getReader().cancel(...reason),
  }
  for (const [way, giveUp] of Object.entries(ways)) {
    describe(`by ${way}`, () => {
      const none = { closeCode: 1005, reason: '' }
      const cases: [string, unknown[], { closeCode: number; reason: string }][] = [
        ['nothing', [], none],
        ['a WebSocketError without a code', [new WebSocketError('')], none],
        [
          'a WebSocketError with a code',
          [new WebSocketError('', { closeCode: 3333 })],
          { closeCode: 3333, reason: '' },
        ],
        [
          'a WebSocketError with both',
          [new WebSocketError('', { closeCode: 3333, reason: 'set' })],
          { closeCode: 3333, reason: 'set' },
        ],
        ['a WebSocketError with a reason', [new WebSocketError('', { reason: 'r' })], { closeCode: 1000, reason: 'r' }],
        ['what only looks like one', [{ closeCode: 3333, reason: 'no' }], none],
        ['another DOMException', [Object.assign(new DOMException('', 'DataCloneError'), { closeCode: 3333 })], none],
        ['a string', ['reason'], none],
      ]
      for (const [what, reason, expected] of cases) {
        it(`with ${what} sends ${expected.closeCode} "${expected.reason}", and ends cleanly`, async () => {
          const { stream, readable, writable, peer } = await loopback.rawStreamPair()
          const done = giveUp({ readable, writable, protocol: '', extensions: '' }, ...reason)
          expect(closeOf(await peer.readFrame())).to.deep.equal(expected)
          await done
          await peer.send(CLOSE, expected.closeCode === 1005 ? '' : closeBody(expected.closeCode, expected.reason))
          peer.end()
          expect(await stream.closed).to.deep.equal(expected)
        })
      }

      it('with the error of another stream that was lost sends no code', async () => {
        const other = await loopback.rawStreamPair()
        other.peer.reset()
        const error = await expectWebSocketError(other.stream.closed, 1006)
        const { readable, writable, peer } = await loopback.rawStreamPair()
        await giveUp({ readable, writable, protocol: '', extensions: '' }, error)
        expect(closeOf(await peer.readFrame())).to.deep.equal(none)
      })
    })
  }

  it('by cancel() goes on reading, to come to the server’s Close frame', async () => {
    const { stream, readable, peer } = await loopback.rawStreamPair()
    const sending = flood(peer, MESSAGE, 512)
    expect(await untilStill(() => sending.sent)).to.be.lessThan(512)
    await readable.cancel()
    await sending.done
    expect(closeOf(await peer.readFrame()).closeCode).to.equal(1005)
    await peer.send(CLOSE)
    peer.end()
    await stream.closed
  }).timeout(60_000)

  it('by abort() does not wait for a server that does not read', async () => {
    const { stream, writable, peer } = await loopback.rawStreamPair({ closeTimeout: 200 })
    peer.pause()
    const writer = writable.getWriter()
    const written = writer.write(new Uint8Array(LARGE))
    const dropped = rejectionOf(writer.write('dropped'))
    const aborted = writer.abort(new WebSocketError('', { closeCode: 3000 }))
    // The Close frame stands behind the message, so time runs out.
    const error = await expectWebSocketError(stream.closed, 1006)
    expect(failure(stream)!.code).to.equal('WS_ERR_CLOSE_TIMEOUT')
    expect((await expectRejection(written, 'InvalidStateError')).cause).to.equal(error)
    await dropped
    await aborted
  }).timeout(60_000)

  it('by abort() drops what waits in the writable, but not the message that is being sent', async () => {
    const { stream, writable, peer } = await loopback.rawStreamPair()
    peer.pause()
    const writer = writable.getWriter()
    const written = writer.write(new Uint8Array(LARGE))
    const dropped = rejectionOf(writer.write('dropped'))
    const aborted = writer.abort(new WebSocketError('', { closeCode: 3000 }))
    peer.resume()
    expect((await peer.readFrame()).payload).to.have.lengthOf(LARGE)
    expect(closeOf(await peer.readFrame()).closeCode).to.equal(3000)
    await Promise.all([written, aborted])
    await dropped
    await peer.send(CLOSE, closeBody(3000))
    peer.end()
    expect((await stream.closed).closeCode).to.equal(3000)
  }).timeout(60_000)

  describe('by the server', () => {
    it('closes the readable behind its messages, and errors the writable', async () => {
      const { stream, readable, writable, peer } = await loopback.rawStreamPair()
      const writer = writable.getWriter()
      await peer.write(Buffer.concat([frame(TEXT, 'last'), frame(CLOSE, closeBody(4001, 'bye'))]))
      expect(closeOf(await peer.readFrame()).closeCode).to.equal(4001)
      expect(await stateOf(stream.closed)).to.equal('pending')
      peer.end()
      expect(await stream.closed).to.deep.equal({ closeCode: 4001, reason: 'bye' })
      expect(await readAll(readable)).to.deep.equal(['last'])
      await expectRejection(writer.closed, 'InvalidStateError')
      await expectRejection(writer.write('late'), 'InvalidStateError')
      await peer.closed
    })

    it('with an empty Close frame gives 1005', async () => {
      const { stream, peer } = await loopback.rawStreamPair()
      await peer.send(CLOSE)
      expect(closeOf(await peer.readFrame())).to.deep.equal({ closeCode: 1005, reason: '' })
      peer.end()
      expect(await stream.closed).to.deep.equal({ closeCode: 1005, reason: '' })
    })

    it('resolves a writer’s close() that comes behind it', async () => {
      const { stream, writable, peer } = await loopback.rawStreamPair()
      await peer.send(CLOSE, closeBody(1000))
      await peer.readFrame()
      const closed = writable.getWriter().close()
      peer.end()
      await closed
      expect((await stream.closed).closeCode).to.equal(1000)
    })

    it('is seen behind messages that nobody reads once they are read', async () => {
      const { stream, readable, peer } = await loopback.rawStreamPair()
      const sending = flood(peer, MESSAGE, 512)
      const closing = sending.done.then(() => peer.send(CLOSE, closeBody(1000))).then(() => peer.end())
      expect(await untilStill(() => sending.sent)).to.be.lessThan(512)
      expect(await stateOf(stream.closed)).to.equal('pending')
      expect((await readAll(readable)).length).to.equal(512)
      await closing
      expect((await stream.closed).closeCode).to.equal(1000)
    }).timeout(60_000)

    it('with a message half sent is not clean: all fails', async () => {
      const { stream, readable, writable, peer } = await loopback.rawStreamPair()
      peer.pause()
      const writer = writable.getWriter()
      const written = writer.write(new Uint8Array(LARGE))
      const queued = writer.write('queued')
      await peer.send(CLOSE, closeBody(4567, 'enough'))
      // It has answered, but our answer stands behind the message.
      peer.destroy()
      const error = await expectWebSocketError(stream.closed, 4567, 'enough')
      const lost = await expectRejection(written, 'InvalidStateError')
      expect(lost.cause).to.equal(error)
      // The stream has one error, which is that of the write.
      expect(await rejectionOf(queued)).to.equal(lost)
      expect(await rejectionOf(writer.write('word'))).to.equal(lost)
      expect(await rejectionOf(writer.closed)).to.equal(lost)
      expect(await rejectionOf(readable.getReader().read())).to.equal(error)
    }).timeout(60_000)

    it('with a message that is still being compressed is not clean either', async () => {
      const server = await loopback.serveRaw()
      const opening = loopback.openStream(server.url)
      const peer = await server.accept()
      await peer.accept('Sec-WebSocket-Extensions: permessage-deflate')
      const { stream, writable } = await opening
      await peer.send(CLOSE, closeBody(4567))
      // Before the Close frame is seen.
      const written = writable.getWriter().write(new Uint8Array(LARGE))
      expect(closeOf(await peer.readFrame()).closeCode).to.equal(4567)
      peer.end()
      const error = await expectWebSocketError(stream.closed, 4567)
      expect((await expectRejection(written, 'InvalidStateError')).cause).to.equal(error)
    }).timeout(60_000)

    it('rejects a message that is written after it, with how the connection ended', async () => {
      const { stream, writable, peer } = await loopback.rawStreamPair()
      await peer.send(CLOSE, closeBody(4000))
      await peer.readFrame()
      const written = writable.getWriter().write('late')
      expect(await stateOf(written)).to.equal('pending')
      peer.end()
      const error = await expectWebSocketError(stream.closed, 4000)
      expect((await expectRejection(written, 'InvalidStateError')).cause).to.equal(error)
    })

    it('rejects an answer to the message before it, too', async () => {
      const { stream, readable, writable, peer } = await loopback.rawStreamPair()
      const writer = writable.getWriter()
      await writer.ready
      const written = readable
        .getReader()
        .read()
        .then(() => writer.write('answer'))
      await peer.write(Buffer.concat([frame(TEXT, 'question'), frame(CLOSE, closeBody(4000))]))
      expect(closeOf(await peer.readFrame()).closeCode).to.equal(4000)
      peer.end()
      const error = await expectWebSocketError(stream.closed, 4000)
      expect((await expectRejection(written, 'InvalidStateError')).cause).to.equal(error)
    })

    it('during our own closes with its code', async () => {
      const { stream, peer } = await loopback.rawStreamPair()
      stream.close({ closeCode: 3000, reason: 'local' })
      await peer.send(CLOSE, closeBody(4000, 'remote'))
      await peer.readFrame()
      peer.end()
      expect(await stream.closed).to.deep.equal({ closeCode: 4000, reason: 'remote' })
    })

    it('before our Close frame is due drops the messages that wait, and is not clean', async () => {
      const { stream, writable, peer } = await loopback.rawStreamPair()
      peer.pause()
      const writer = writable.getWriter()
      const written = [writer.write(new Uint8Array(LARGE)), writer.write('queued')]
      stream.close({ closeCode: 3000 })
      await peer.send(CLOSE, closeBody(4000))
      peer.destroy()
      await expectWebSocketError(stream.closed, 4000)
      for (const write of written) await expectRejection(write, 'InvalidStateError')
    }).timeout(60_000)
  })

  describe('that goes wrong', () => {
    const cases: Record<string, (peer: RawPeer) => unknown> = {
      'a FIN without a Close frame': peer => peer.end(),
      'a reset': peer => peer.reset(),
      'a broken frame': peer => peer.write(new Uint8Array([0xff, 0xff])),
    }
    for (const [what, happen] of Object.entries(cases)) {
      it(`${what}: everything fails with the same WebSocketError`, async () => {
        const { stream, readable, writable, peer } = await loopback.rawStreamPair()
        const reader = readable.getReader()
        const writer = writable.getWriter()
        const reading = reader.read()
        reading.catch(() => {})
        await happen(peer)
        const error = await expectWebSocketError(stream.closed, 1006)
        expect(error.cause).to.equal(failure(stream))
        expect(error.message).to.equal(failure(stream)!.message)
        expect(await rejectionOf(reading)).to.equal(error)
        expect(await rejectionOf(reader.closed)).to.equal(error)
        expect(await rejectionOf(writer.ready)).to.equal(error)
        expect(await rejectionOf(writer.closed)).to.equal(error)
      })
    }

    it('a closing handshake that the server does not finish', async () => {
      const { stream, peer } = await loopback.rawStreamPair()
      stream.close({ closeCode: 4000, reason: 'because' })
      await peer.readFrame()
      peer.end()
      await expectWebSocketError(stream.closed, 1006)
    })

    it('a server that does not answer in time', async () => {
      const { stream, peer } = await loopback.rawStreamPair({ closeTimeout: 50 })
      stream.close()
      await peer.readFrame()
      await expectWebSocketError(stream.closed, 1006)
      expect(failure(stream)!.code).to.equal('WS_ERR_CLOSE_TIMEOUT')
      await gone(peer)
    })

    it('a reset while the reader is paused and a message waits', async () => {
      const { stream, readable, writable, peer } = await loopback.rawStreamPair()
      const sending = flood(peer, MESSAGE, 512)
      await untilStill(() => sending.sent)
      peer.pause()
      const written = writable.getWriter().write(new Uint8Array(LARGE))
      peer.reset()
      const error = await expectWebSocketError(stream.closed, 1006)
      await expectRejection(written, 'InvalidStateError')
      // What was received can still be read, up to the backpressure threshold and a read of the network.
      const reader = readable.getReader()
      let bytes = 0
      const readAll = async (): Promise<never> => {
        for (;;) bytes += ((await reader.read()).value as Uint8Array).length
      }
      expect(await rejectionOf(readAll())).to.equal(error)
      expect(bytes).to.be.within(256 * 1024, 1024 * 1024)
    }).timeout(60_000)
  })
})
