import { expect } from 'chai'
import { ReadableStream as OtherReadable, WritableStream as OtherWritable } from 'web-streams-polyfill'
import { WebSocketError } from '#lib/entry/node.js'
import { expectTypeError, rejectionOf, withProperty } from '../support/expect.ts'
import { CLOSE, closeBody, frame, TEXT } from '../support/raw-server.ts'
import { closeOf, expectWebSocketError, flood, readAll, untilStill, useStreams } from '../support/streams.ts'

const streams = { ReadableStream: OtherReadable, WritableStream: OtherWritable }

describe('WebSocketStream with the streams of web-streams-polyfill', () => {
  const loopback = useStreams()

  it('gives those, and moves messages through them', async () => {
    const { stream, readable, writable, peer } = await loopback.rawStreamPair({ streams })
    expect(readable).to.be.an.instanceof(OtherReadable)
    expect(writable).to.be.an.instanceof(OtherWritable)
    const writer = writable.getWriter()
    const written = [writer.write('one'), writer.write(new Uint8Array([2]))]
    expect((await peer.readFrame()).text).to.equal('one')
    expect([...(await peer.readFrame()).payload]).to.deep.equal([2])
    await Promise.all(written)
    await peer.send(TEXT, 'three')
    const reader = readable.getReader()
    expect((await reader.read()).value).to.equal('three')
    reader.releaseLock()
    const reading = readAll(readable)
    await peer.send(TEXT, 'four')
    const closed = writer.close()
    expect(closeOf(await peer.readFrame()).closeCode).to.equal(1005)
    await peer.send(CLOSE)
    peer.end()
    await closed
    expect(await reading).to.deep.equal(['four'])
    expect(await stream.closed).to.deep.equal({ closeCode: 1005, reason: '' })
  })

  it('works on a host that has no streams', async () => {
    await withProperty(globalThis, 'ReadableStream', undefined, async () => {
      await withProperty(globalThis, 'WritableStream', undefined, async () => {
        expectTypeError(() => loopback.stream('ws://127.0.0.1:1'))
        const { readable, peer } = await loopback.rawStreamPair({ streams })
        await peer.send(TEXT, 'hello')
        expect((await readable.getReader().read()).value).to.equal('hello')
      })
    })
  })

  it('takes globals that were defined later', async () => {
    await withProperty(globalThis, 'ReadableStream', OtherReadable, async () => {
      const { readable } = await loopback.rawStreamPair()
      expect(readable).to.be.an.instanceof(OtherReadable)
    })
  })

  it('holds up a server and a writer', async () => {
    const { readable, writable, peer } = await loopback.rawStreamPair({ streams })
    const count = 1024
    const sending = flood(peer, frame(TEXT, 'x'.repeat(64 * 1024)), count)
    expect(await untilStill(() => sending.sent)).to.be.lessThan(count)
    const reader = readable.getReader()
    for (let index = 0; index < count; index++) await reader.read()
    await sending.done

    peer.pause()
    const writer = writable.getWriter()
    let written = 0
    void writer.write(new Uint8Array(16 * 1024 * 1024)).then(() => written++)
    expect(await untilStill(() => written)).to.equal(0)
    expect(writer.desiredSize).to.equal(0)
    peer.resume()
    await writer.ready
  }).timeout(60_000)

  it('closes by abort, also of a write that the server holds up', async () => {
    const { stream, writable, peer } = await loopback.rawStreamPair({ streams, closeTimeout: 200 })
    peer.pause()
    const writer = writable.getWriter()
    const written = writer.write(new Uint8Array(16 * 1024 * 1024))
    const aborted = writer.abort(new WebSocketError('', { closeCode: 3000 }))
    const error = await expectWebSocketError(stream.closed, 1006)
    expect(((await rejectionOf(written)) as Error).cause).to.equal(error)
    await aborted
  }).timeout(60_000)

  it('closes by cancel', async () => {
    const { stream, readable, peer } = await loopback.rawStreamPair({ streams })
    await readable.cancel(new WebSocketError('', { closeCode: 3000, reason: 'enough' }))
    expect(closeOf(await peer.readFrame())).to.deep.equal({ closeCode: 3000, reason: 'enough' })
    await peer.send(CLOSE, closeBody(3000))
    peer.end()
    expect((await stream.closed).closeCode).to.equal(3000)
  })

  it('fails with the connection', async () => {
    const { stream, readable, writable, peer } = await loopback.rawStreamPair({ streams })
    const reading = readAll(readable)
    reading.catch(() => {})
    peer.reset()
    const error = await expectWebSocketError(stream.closed, 1006)
    expect(await rejectionOf(reading)).to.equal(error)
    expect(await rejectionOf(writable.getWriter().write('late'))).to.equal(error)
  })
})
