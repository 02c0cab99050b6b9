import { connect } from 'node:net'
import { Duplex } from 'node:stream'
import { expect } from 'chai'
import { failure, terminate, type WebSocketOpenInfo, WebSocketStream } from '#lib/entry/node.js'
import { rejectionOf } from '../support/expect.ts'
import { CLOSE, frame, type RawPeer, TEXT } from '../support/raw-server.ts'
import { expectWebSocketError, stateOf, useStreams } from '../support/streams.ts'
import { turns } from '../support/turns.ts'

const BAD_FRAME = Buffer.from([0xff, 0xff])
const NUMBERS = Array.from({ length: 10 }, (_, index) => `${index}`)
const MESSAGES = Buffer.concat(NUMBERS.map(number => frame(TEXT, number)))

type Readable = WebSocketOpenInfo['readable']

/** Each reads until the stream fails, and returns what it got; it rejects with nothing. */
const WAYS: Record<string, (readable: Readable, take: (message: unknown) => void) => Promise<unknown>> = {
  'a read loop': async (readable, take) => {
    const reader = readable.getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      take(value)
    }
  },
  'for await': async (readable, take) => {
    for await (const message of readable) take(message)
  },
  pipeTo: (readable, take) => (readable as ReadableStream).pipeTo(new WritableStream({ write: take })),
  tee: async (readable, take) => {
    const [one, other] = (readable as ReadableStream).tee()
    void other.cancel()
    for await (const message of one as unknown as Readable) take(message)
  },
}

const FAILURES: Record<string, (peer: RawPeer, before: Uint8Array) => Promise<unknown>> = {
  'a bad frame': (peer, before) => peer.write(Buffer.concat([before, BAD_FRAME])),
  'a FIN': async (peer, before) => {
    await peer.write(before)
    peer.end()
  },
  'a reset a moment later': async (peer, before) => {
    await peer.write(before)
    await turns(5)
    peer.reset()
  },
}

/** What was received before a failure is read first. */
describe('WebSocketStream, messages before a failure', () => {
  const loopback = useStreams()

  for (const [failureName, fail] of Object.entries(FAILURES)) {
    for (const [wayName, way] of Object.entries(WAYS)) {
      for (const together of [false, true]) {
        it(`${failureName}: ${wayName} gets all ${NUMBERS.length}${together ? ', which came with the 101' : ''}`, async () => {
          const server = await loopback.serveRaw()
          const stream = new WebSocketStream(server.url)
          const got: unknown[] = []
          const order: string[] = []
          stream.closed.catch(() => order.push('closed'))
          const reading = stream.opened.then(async ({ readable }) => {
            await Promise.resolve()
            order.push('opened')
            await way(readable, message => got.push(message))
          })
          reading.catch(() => {})
          const peer = await server.accept()
          if (!together) {
            await peer.accept()
            await stream.opened
          }
          await fail(peer, together ? Buffer.concat([peer.acceptance(), MESSAGES]) : MESSAGES)
          const error = await expectWebSocketError(stream.closed, 1006)
          expect(await rejectionOf(reading)).to.equal(error)
          expect(got).to.deep.equal(NUMBERS)
          expect(order).to.deep.equal(['opened', 'closed'])
          peer.destroy()
        })
      }
    }

    it(`${failureName}: what nobody reads at first can be read later`, async () => {
      const { stream, readable, peer } = await loopback.rawStreamPair()
      await fail(peer, MESSAGES)
      const error = await expectWebSocketError(stream.closed, 1006)
      const reader = readable.getReader()
      expect(await stateOf(reader.closed)).to.equal('pending')
      for (const number of NUMBERS) expect(await reader.read()).to.deep.equal({ done: false, value: number })
      expect(await rejectionOf(reader.read())).to.equal(error)
      expect(await rejectionOf(reader.closed)).to.equal(error)
      peer.destroy()
    })

    it(`${failureName}: cancel() drops what is unread`, async () => {
      const { stream, readable, peer } = await loopback.rawStreamPair()
      await fail(peer, MESSAGES)
      await expectWebSocketError(stream.closed, 1006)
      const reader = readable.getReader()
      expect((await reader.read()).value).to.equal('0')
      await reader.cancel()
      expect(await reader.read()).to.deep.equal({ done: true, value: undefined })
      peer.destroy()
    })
  }

  it('a bad frame: an echo loop answers all messages before the Close frame', async () => {
    const { stream, readable, writable, peer } = await loopback.rawStreamPair()
    void (async () => {
      const writer = writable.getWriter()
      for await (const message of readable) await writer.write(message as string)
    })().catch(() => {})
    await peer.write(Buffer.concat([MESSAGES, BAD_FRAME]))
    await expectAnswersThenFailure(stream, peer)
  })

  const ECHOES: Record<string, (info: WebSocketOpenInfo) => Promise<unknown>> = {
    'for await that waits for each write': async ({ readable, writable }) => {
      const writer = writable.getWriter()
      for await (const message of readable) await writer.write(message as string)
    },
    'pipeTo its own writable': ({ readable, writable }) =>
      (readable as ReadableStream).pipeTo(writable as WritableStream),
    'pipeTo a sink that does not wait for its writes': ({ readable, writable }) => {
      const writer = writable.getWriter()
      const write = (message: string): void => void writer.write(message).catch(() => {})
      return (readable as ReadableStream).pipeTo(new WritableStream({ write }))
    },
  }

  for (const [name, echo] of Object.entries(ECHOES)) {
    it(`a bad frame, by a stream that tells later what it has sent: ${name} answers all messages before the Close frame`, async () => {
      const server = await loopback.serveRaw()
      const stream = new WebSocketStream('ws://nowhere.test/', { connect: () => slowToTell(server.port) })
      const opened = stream.opened.then(echo)
      opened.catch(() => {})
      const peer = await server.accept()
      await peer.accept()
      await stream.opened
      await peer.write(Buffer.concat([MESSAGES, BAD_FRAME]))
      await expectAnswersThenFailure(stream, peer)
    })
  }

  it('a bad frame from a server that reads nothing: the failure does not wait for a write', async () => {
    const { stream, writable, peer } = await loopback.rawStreamPair({ closeTimeout: 60_000 })
    peer.pause()
    const writing = writable.getWriter().write(new Uint8Array(64 * 1024 * 1024))
    writing.catch(() => {})
    await peer.write(BAD_FRAME)
    const error = await expectWebSocketError(stream.closed, 1006)
    expect(((await rejectionOf(writing)) as Error).cause).to.equal(error)
    terminate(stream)
    peer.destroy()
  })

  it('terminate(): what is unread is dropped', async () => {
    const { stream, readable, peer } = await loopback.rawStreamPair()
    await peer.write(MESSAGES)
    const reader = readable.getReader()
    expect((await reader.read()).value).to.equal('0')
    terminate(stream)
    const error = await expectWebSocketError(stream.closed, 1006)
    expect(await rejectionOf(reader.read())).to.equal(error)
  })

  it('a write after the loss fails as the others do', async () => {
    const { stream, readable, writable, peer } = await loopback.rawStreamPair()
    await peer.write(MESSAGES)
    peer.end()
    const writes: Promise<unknown>[] = []
    const writer = writable.getWriter()
    writer.closed.catch(() => {})
    const reading = (async () => {
      for await (const message of readable) writes.push(writer.write(message as string))
    })()
    await rejectionOf(reading)
    const error = await expectWebSocketError(stream.closed, 1006)
    const last = writer.write('x')
    expect(await rejectionOf(last)).to.equal(error)
    await Promise.allSettled(writes)
  })
})

/** A TCP connection as a stream that tells two turns later that it has sent something, as TLS over a tunnel does on Node.js 20. */
function slowToTell(port: number): Duplex {
  const socket = connect(port, '127.0.0.1')
  const stream = new Duplex({
    read: () => void socket.resume(),
    write: (bytes, _encoding, callback) => {
      socket.write(bytes)
      void turns(2).then(() => callback())
    },
    final: callback => void socket.end(callback),
    destroy: (error, callback) => {
      socket.destroy()
      callback(error)
    },
  })
  socket.on('data', bytes => stream.push(bytes) || socket.pause())
  socket.on('end', () => stream.push(null))
  socket.on('error', error => stream.destroy(error))
  return stream
}

/** All messages come back, and then the failure's Close frame. */
async function expectAnswersThenFailure(stream: WebSocketStream, peer: RawPeer): Promise<void> {
  for (const number of NUMBERS) expect((await peer.readFrame()).text).to.equal(number)
  expect((await peer.readFrame()).opcode).to.equal(CLOSE)
  peer.end()
  await expectWebSocketError(stream.closed, 1006)
  expect(failure(stream)!.code).to.equal('WS_ERR_RESERVED_BITS')
}
