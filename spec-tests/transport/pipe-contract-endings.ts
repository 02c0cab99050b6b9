import { expect } from 'chai'
import {
  exchange,
  fill,
  MEBIBYTE,
  pattern,
  settled,
  type TransportUnderTest,
  useTransport,
} from '../support/transport-bench.ts'

/** The part of the contract about how a pipe ends. `testTransport` declares it, too. */
export function testEndings(transport: TransportUnderTest): void {
  describe(`the contract of a pipe: how ${transport.name} ends`, function () {
    // A machine with much else to do is slow, and that is no failure.
    this.timeout(60_000)

    const { open } = useTransport(transport)

    describe('end', () => {
      it('comes behind what was written, and leaves the other direction open', async () => {
        const { near, far } = await open()
        const bytes = pattern(2 * MEBIBYTE)
        near.write(bytes)
        near.pipe.end()
        await far.ended
        expect(far.received.equals(bytes)).to.equal(true)
        await far.write(pattern(500))
        await near.sink.until(() => near.sink.length === 500)
        expect(near.sink.calls).not.to.include.members(['close'])
        far.end()
        await near.sink.has('close')
        expect(near.sink.calls.filter(call => call !== 'drain')).to.deep.equal(['data', 'end', 'close'])
        expect(near.sink.error).to.equal(undefined)
        await far.closed
      })

      it('of the far end is told behind its bytes', async () => {
        const { near, far } = await open()
        const bytes = pattern(2 * MEBIBYTE)
        void far.write(bytes)
        far.end()
        await near.sink.has('end')
        expect(near.sink.received.equals(bytes)).to.equal(true)
        if (transport.halfOpen !== false) {
          near.write(pattern(500))
          expect((await far.read(500)).equals(pattern(500))).to.equal(true)
        }
        near.pipe.end()
        await near.sink.has('close')
        expect(near.sink.calls.filter(call => call !== 'drain')).to.deep.equal(['data', 'end', 'close'])
        // A host that ends our direction by itself may object to our doing so.
        if (transport.halfOpen !== false) expect(near.sink.error).to.equal(undefined)
        await Promise.all([far.ended, far.closed])
      })

      it('of both at the same time closes the pipe', async () => {
        const { near, far } = await open()
        near.pipe.end()
        far.end()
        await near.sink.has('close')
        expect(near.sink.calls).to.deep.equal(['end', 'close'])
        await Promise.all([far.ended, far.closed])
      })

      it('twice is as once', async () => {
        const { near, far } = await open()
        near.pipe.end()
        near.pipe.end()
        await far.ended
        far.end()
        await near.sink.has('close')
        expect(near.sink.calls).to.deep.equal(['end', 'close'])
      })
    })

    describe('abort', () => {
      it('drops the connection; close follows, and nothing else', async () => {
        const { near, far } = await open()
        near.abort(new Error('enough'))
        await near.sink.has('close')
        await settled(() => near.sink.calls.length)
        expect(near.sink.calls).to.deep.equal(['close'])
        far.end()
        await far.closed
      })

      it('drops bytes that wait in either direction', async () => {
        const { near, far } = await open()
        far.stopReading()
        fill(near)
        near.pipe.pause()
        void far.write(pattern(MEBIBYTE))
        await settled(() => near.pipe.buffered ?? 0)
        const { length } = near.sink.calls
        near.abort()
        await near.sink.has('close')
        await settled(() => near.sink.calls.length)
        expect(near.sink.calls.slice(length)).to.deep.equal(['close'])
      })

      it('within data ends it: no data follows', async () => {
        const { near, far } = await open()
        near.sink.onData = () => near.abort()
        // Far more than comes at once.
        void far.write(pattern(4 * MEBIBYTE))
        await near.sink.has('close')
        await settled(() => near.sink.calls.length)
        expect(near.sink.calls).to.deep.equal(['data', 'close'])
        expect(near.sink.dataCalls).to.equal(1)
      })

      it('within data that was held up ends it as well', async () => {
        const { near, far } = await open()
        near.sink.onData = () => near.pipe.pause()
        for (let index = 0; index < 4; index++) void far.write(pattern(MEBIBYTE))
        await near.sink.has('data')
        await settled(() => near.sink.length)
        const { dataCalls } = near.sink
        near.sink.onData = () => near.abort()
        near.pipe.resume()
        await near.sink.has('close')
        await settled(() => near.sink.calls.length)
        expect(near.sink.calls).to.deep.equal(['data', 'close'])
        expect(near.sink.dataCalls).to.equal(dataCalls + 1)
      })

      it('right behind the start lets nothing come, though bytes are here already', async () => {
        const { near } = await open({ early: pattern(100), behindStart: near => near.abort() })
        await near.sink.has('close')
        await settled(() => near.sink.calls.length)
        expect(near.sink.calls).to.deep.equal(['close'])
      })

      it('twice, and behind the close, is as once', async () => {
        const { near } = await open()
        near.abort()
        near.abort()
        await near.sink.has('close')
        near.abort()
        await settled(() => near.sink.calls.length)
        expect(near.sink.calls).to.deep.equal(['close'])
      })

      it('behind an end does not wait for the far end', async () => {
        const { near, far } = await open()
        near.pipe.end()
        await far.ended
        near.abort()
        await near.sink.has('close')
        expect(near.sink.calls).to.deep.equal(['close'])
      })
    })

    describe('close', () => {
      it('comes with an error when the connection breaks, once and last', async () => {
        const { near, far } = await open()
        await exchange(near, far)
        far.break()
        await near.sink.has('close')
        await settled(() => near.sink.calls.length)
        expect(near.sink.calls).to.deep.equal(['close'])
        expect(near.sink.error).to.be.an.instanceof(Error)
      })

      it('comes with an error when the connection breaks while bytes wait; no drain follows', async () => {
        const { near, far } = await open()
        await exchange(near, far)
        far.stopReading()
        fill(near)
        await settled(() => near.pipe.buffered ?? 0)
        far.break()
        await near.sink.has('close')
        await settled(() => near.sink.calls.length)
        expect(near.sink.calls).to.deep.equal(['close'])
        expect(near.sink.error).to.be.an.instanceof(Error)
      })

      it('makes all that is called afterwards harmless', async () => {
        const { near, far } = await open()
        await exchange(near, far)
        far.break()
        await near.sink.has('close')
        near.write(pattern(10), true)
        near.write(pattern(10))
        near.pipe.pause()
        near.pipe.resume()
        near.pipe.ref?.()
        near.pipe.unref?.()
        near.pipe.end()
        expect(near.pipe.buffered ?? 0).to.be.at.least(0)
        await settled(() => near.sink.calls.length)
        expect(near.sink.calls).to.deep.equal(['close'])
      })
    })
  })
}
