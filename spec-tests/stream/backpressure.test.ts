import { Buffer } from 'node:buffer'
import { deflateRawSync } from 'node:zlib'
import { expect } from 'chai'
import { ping } from '#lib/entry/node.js'
import { makeCertificate } from '../support/certificates.ts'
import { BINARY, frame, PONG, type RawPeer, TEXT } from '../support/raw-server.ts'
import {
  flood,
  type OpenStream,
  readAll,
  type StreamOptions,
  stateOf,
  untilStill,
  useStreams,
} from '../support/streams.ts'

const KIBIBYTE = 1024
const MEBIBYTE = 1024 * KIBIBYTE
/** As long as nobody reads, the buffers of the system on both sides hold less than this; later they may grow. */
const BUFFERS = 24 * MEBIBYTE
/** One message that does not fit into those of one connection, at least not at once. */
const LARGE = 16 * MEBIBYTE

/** https://whatpr.org/websockets/48.html: "apply backpressure", "wait until there is sufficient buffer space" */
describe('WebSocketStream, backpressure', function () {
  this.timeout(60_000)
  const loopback = useStreams()

  const open: Record<string, (options?: StreamOptions) => Promise<OpenStream & { peer: RawPeer }>> = {
    ws: options => loopback.rawStreamPair(options),
    wss: async options => {
      const server = await loopback.serveRaw({ tls: await makeCertificate() })
      const opening = loopback.openStream(server.url, { ...options, tls: { rejectUnauthorized: false } })
      const peer = await server.accept()
      await peer.accept()
      return { ...(await opening), peer }
    },
  }

  for (const [scheme, pair] of Object.entries(open)) {
    describe(`over ${scheme}`, () => {
      it('a reader that does not read stops the server, and one that reads again lets it go on', async () => {
        const { readable, peer } = await pair()
        const size = 64 * KIBIBYTE
        const count = (4 * BUFFERS) / size
        const sending = flood(peer, frame(BINARY, Buffer.alloc(size)), count)
        const first = await untilStill(() => sending.sent)
        expect(first * size).to.be.within(1, BUFFERS)
        // Some more, and the server comes further, but not to the end.
        const reader = readable.getReader()
        let read = 0
        for (; read < BUFFERS / size; read++) await reader.read()
        const second = await untilStill(() => sending.sent)
        expect(second).to.be.within(first + 1, count - 1)
        while (read < count) {
          expect(((await reader.read()).value as Uint8Array).length).to.equal(size)
          read++
        }
        await sending.done
      })

      it('a reader that iterates slowly holds the server up, too', async () => {
        const { readable, peer } = await pair()
        const size = 16 * KIBIBYTE
        const count = (2 * BUFFERS) / size
        const sending = flood(peer, frame(BINARY, Buffer.alloc(size)), count)
        let read = 0
        for await (const message of readable) {
          expect(message.length).to.equal(size)
          if (++read === 10) expect(await untilStill(() => sending.sent)).to.be.within(10, BUFFERS / size)
          if (read === count) break
        }
        await sending.done
      })

      it('a server that does not read stops the writer, whose ready and desiredSize say so', async () => {
        const { writable, peer } = await pair()
        peer.pause()
        const size = 64 * KIBIBYTE
        const count = (2 * BUFFERS) / size
        const writer = writable.getWriter()
        expect(writer.desiredSize).to.equal(1)
        let written = 0
        let writing: Promise<void> = Promise.resolve()
        const write = async (): Promise<void> => {
          for (let index = 0; index < count; index++) {
            await writer.ready
            writing = writer.write(new Uint8Array(size)).then(() => {
              written++
            })
          }
        }
        const all = write()
        const first = await untilStill(() => written)
        expect(first * size).to.be.within(1, BUFFERS)
        expect(writer.desiredSize).to.equal(0)
        expect(await stateOf(writer.ready)).to.equal('pending')
        expect(await stateOf(writing)).to.equal('pending')
        peer.resume()
        for (let index = 0; index < count; index++) expect((await peer.readFrame()).payload).to.have.lengthOf(size)
        await all
        await writing
        expect(written).to.equal(count)
        await writer.ready
        expect(writer.desiredSize).to.equal(1)
      })

      it('a write of one large message takes as long as the server takes to read it', async () => {
        const { writable, peer } = await pair()
        peer.pause()
        const writer = writable.getWriter()
        const written = writer.write(new Uint8Array(LARGE))
        let done = 0
        void written.then(() => done++)
        expect(await untilStill(() => done)).to.equal(0)
        peer.resume()
        expect((await peer.readFrame()).payload).to.have.lengthOf(LARGE)
        await written
        // Three seconds on an idle machine, more than twenty on a busy one.
      }).timeout(60_000)
    })
  }

  it('writes that nobody waits for are done as the network takes them, not before', async () => {
    const { writable, peer } = await loopback.rawStreamPair()
    peer.pause()
    const size = 32 * KIBIBYTE
    const count = (2 * BUFFERS) / size
    const writer = writable.getWriter()
    let written = 0
    const writes = Array.from({ length: count }, () => writer.write(new Uint8Array(size)).then(() => written++))
    expect((await untilStill(() => written)) * size).to.be.within(1, BUFFERS)
    peer.resume()
    for (let index = 0; index < count; index++) expect((await peer.readFrame()).payload).to.have.lengthOf(size)
    await Promise.all(writes)
  })

  it('small messages that nobody reads are bounded, too', async () => {
    const { readable, peer } = await loopback.rawStreamPair()
    const many = Buffer.concat(Array(16 * KIBIBYTE).fill(frame(TEXT)))
    const count = (4 * BUFFERS) / many.length
    const sending = flood(peer, many, count)
    expect((await untilStill(() => sending.sent)) * many.length).to.be.lessThan(BUFFERS)
    const reader = readable.getReader()
    for (let index = 0; index < 100_000; index++) {
      const { value } = await reader.read()
      if (value !== '') expect(value).to.equal('')
    }
  })

  it('messages that shrink a thousandfold are inflated only as they are read', async () => {
    const server = await loopback.serveRaw()
    const opening = loopback.openStream(server.url)
    const peer = await server.accept()
    await peer.accept('Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover')
    const { readable } = await opening
    const size = 4 * MEBIBYTE
    // Without the end that RFC 7692 section 7.2.1 takes away: a final block, and what follows is a stream of its own.
    const compressed = frame(BINARY, deflateRawSync(Buffer.alloc(size, 'x')), { rsv: 4 })
    expect(compressed.length).to.be.lessThan(8 * KIBIBYTE)
    const count = 100
    const before = process.memoryUsage().arrayBuffers
    await flood(peer, compressed, count).done
    await untilStill(() => process.memoryUsage().arrayBuffers)
    expect(process.memoryUsage().arrayBuffers - before).to.be.lessThan(8 * size)
    const reader = readable.getReader()
    for (let index = 0; index < count; index++) {
      expect(((await reader.read()).value as Uint8Array).length).to.equal(size)
    }
  })

  it('a reader that is behind only a little does not stop the server', async () => {
    const { readable, peer } = await loopback.rawStreamPair()
    for (let index = 0; index < 10; index++) await peer.send(TEXT, `${index}`)
    // Without pausing: the stream has to see the end before anybody reads.
    await peer.send(8)
    expect((await peer.readFrame()).opcode).to.equal(8)
    peer.end()
    expect(await readAll(readable)).to.have.lengthOf(10)
  })

  it('a paused reader is no dead connection to the heartbeat', async () => {
    const { stream, readable, peer } = await loopback.rawStreamPair({ heartbeat: { interval: 100, timeout: 150 } })
    const count = (2 * BUFFERS) / (64 * KIBIBYTE)
    const sending = flood(peer, frame(BINARY, Buffer.alloc(64 * KIBIBYTE)), count)
    await untilStill(() => sending.sent)
    expect(await stateOf(stream.closed)).to.equal('pending')
    const answering = answerPings(peer)
    let read = 0
    for await (const message of readable) {
      expect(message.length).to.equal(64 * KIBIBYTE)
      if (++read === count) break
    }
    peer.reset()
    await answering
  })

  it('pings and pongs go on while a writer waits', async () => {
    const { stream, writable, peer } = await loopback.rawStreamPair()
    const writer = writable.getWriter()
    peer.pause()
    const written = writer.write(new Uint8Array(LARGE))
    const answer = ping(stream, 'behind it')
    peer.resume()
    expect((await peer.readFrame()).payload).to.have.lengthOf(LARGE)
    const { text } = await peer.readFrame()
    expect(text).to.equal('behind it')
    await peer.send(PONG, text)
    await answer
    await written
  })
})

async function answerPings(peer: RawPeer): Promise<void> {
  try {
    for (;;) await peer.send(PONG, (await peer.readFrame()).payload)
  } catch {
    // The connection has ended.
  }
}
