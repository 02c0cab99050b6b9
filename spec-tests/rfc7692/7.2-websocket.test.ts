import { expect } from 'chai'
import { drained, failure, terminate, type WebSocket } from '#lib/entry/node.js'
import { noise } from '../support/noise.ts'
import { next, type Peer, record, useLoopback } from '../support/ws-server.ts'

/* What the user of a WebSocket sees of permessage-deflate: the same as without. */

const LARGE = 200 * 1024

describe('RFC 7692 section 7.2: a WebSocket that compresses', () => {
  const loopback = useLoopback()

  async function pair(): Promise<{ socket: WebSocket; peer: Peer }> {
    const server = await loopback.serve({ perMessageDeflate: { threshold: 0 }, maxPayload: 0 })
    const [socket, peer] = await Promise.all([
      loopback.open(server.url, { perMessageDeflate: { threshold: 0 } }),
      server.accept(),
    ])
    expect(peer.socket.extensions).to.equal('permessage-deflate')
    expect(socket.extensions).to.match(/^permessage-deflate/)
    return { socket, peer }
  }

  it('sends strings, buffers, views and Blobs in the order of send(), then closes', async () => {
    const { socket, peer } = await pair()
    const blob = noise(LARGE, 1)
    const buffer = noise(LARGE, 2)
    const text = 'long text '.repeat(LARGE / 10)
    socket.send(new Blob([blob]))
    socket.send('after a Blob')
    socket.send(Uint8Array.from(buffer).buffer)
    socket.send(new Blob([]))
    socket.send(text)
    socket.send('')
    socket.send(new Blob(['last']))
    const closed = next(socket, 'close')
    socket.close(4000, 'done')
    const received: string[] = []
    for (let count = 0; count < 7; count++) {
      const { data, isBinary } = await peer.message()
      received.push(`${isBinary} ${data.toString('latin1')}`)
    }
    expect(received).to.deep.equal([
      `true ${blob.toString('latin1')}`,
      'false after a Blob',
      `true ${buffer.toString('latin1')}`,
      'true ',
      `false ${text}`,
      'false ',
      'true last',
    ])
    expect(await peer.closed).to.deep.equal({ code: 4000, reason: 'done' })
    expect(await closed).to.include({ code: 4000, wasClean: true })
  })

  it('receives what a server compresses, as a string, a Blob or an ArrayBuffer', async () => {
    const { socket, peer } = await pair()
    for (const content of ['', 'short', 'long text '.repeat(LARGE)]) {
      const message = next(socket, 'message')
      peer.socket.send(content)
      expect((await message).data).to.equal(content)
    }
    for (const binaryType of ['blob', 'arraybuffer'] as const) {
      socket.binaryType = binaryType
      for (const content of [Buffer.alloc(0), noise(10), noise(LARGE), Buffer.alloc(LARGE * 10)]) {
        const message = next(socket, 'message')
        peer.socket.send(content)
        const { data } = await message
        const bytes = data instanceof Blob ? await data.arrayBuffer() : (data as ArrayBuffer)
        expect(data).to.be.an.instanceof(binaryType === 'blob' ? Blob : ArrayBuffer)
        expect(Buffer.from(bytes).equals(content)).to.equal(true)
      }
    }
  })

  it('counts in bufferedAmount what the messages have before they are compressed, until they leave', async () => {
    const { socket, peer } = await pair()
    socket.send(Buffer.alloc(LARGE))
    expect(socket.bufferedAmount).to.equal(LARGE)
    socket.send('x'.repeat(1000))
    expect(socket.bufferedAmount).to.equal(LARGE + 1000)
    socket.send('€')
    expect(socket.bufferedAmount).to.equal(LARGE + 1003)
    await drained(socket)
    expect(socket.bufferedAmount).to.equal(0)
    expect((await peer.message()).data).to.have.length(LARGE)
  })

  it('can be terminated while it compresses', async () => {
    const { socket, peer } = await pair()
    const events = record(socket)
    socket.send(noise(LARGE * 8))
    terminate(socket)
    await next(socket, 'close')
    expect(events).to.deep.equal(['error', 'close 1006 unclean'])
    expect(failure(socket)?.code).to.equal('WS_ERR_TERMINATED')
    expect((await peer.closed).code).to.equal(1006)
  })

  it('closes at once when the server closes while it compresses', async () => {
    const { socket, peer } = await pair()
    socket.send(noise(LARGE * 20))
    peer.socket.close(4001, 'enough')
    expect(await next(socket, 'close')).to.include({ code: 4001, reason: 'enough', wasClean: true })
  })

  it('exchanges many messages both ways at once', async () => {
    const { socket, peer } = await pair()
    const count = 200
    const content = (index: number): string => `${index} ${'abc'.repeat((index * 7919) % 3000)}`
    for (let index = 0; index < count; index++) {
      socket.send(content(index))
      peer.socket.send(content(index))
    }
    const back: unknown[] = []
    await new Promise<void>(resolve => {
      socket.onmessage = ({ data }) => {
        back.push(data)
        if (back.length === count) resolve()
      }
    })
    const there: string[] = []
    while (there.length < count) there.push((await peer.message()).text)
    const expected = Array.from({ length: count }, (_, index) => content(index))
    expect(back).to.deep.equal(expected)
    expect(there).to.deep.equal(expected)
  })
}).timeout(60_000)
