import { expect } from 'chai'
import {
  fill,
  MEBIBYTE,
  MUCH,
  pattern,
  settled,
  type TransportUnderTest,
  useTransport,
} from '../support/transport-bench.ts'
import { testEndings } from './pipe-contract-endings.ts'

/**
 * Declares the suite that every transport passes: it holds one against the contract in `lib/transport/pipe.ts`. To be
 * called at the top level of a test file.
 */
export function testTransport(transport: TransportUnderTest): void {
  describe(`the contract of a pipe: ${transport.name}`, function () {
    // A machine with much else to do is slow, and that is no failure.
    this.timeout(60_000)

    const { open } = useTransport(transport)

    describe('start', () => {
      if (transport.startsLater !== false) {
        it('calls nothing before it, and loses nothing that came before', async () => {
          const early = pattern(5000)
          const { near, far } = await open({ early, later: true })
          void far.write(pattern(3000, 1))
          await settled(() => far.waiting)
          expect(near.sink.calls).to.deep.equal([])
          near.start()
          await near.sink.until(() => near.sink.length === 8000)
          expect(near.sink.received.equals(Buffer.concat([early, pattern(3000, 1)]))).to.equal(true)
        })

        it('tells an end that came before', async () => {
          const { near, far } = await open({ later: true })
          void far.write(pattern(10))
          far.end()
          await settled(() => far.waiting)
          near.start()
          await near.sink.has('end')
          expect(near.sink.calls).to.deep.equal(['data', 'end'])
        })

        it('tells a break that came before', async () => {
          const { near, far } = await open({ later: true })
          far.break()
          await settled(() => far.waiting)
          expect(near.sink.calls).to.deep.equal([])
          near.start()
          // The system may call it an end if it came together with other bytes.
          await near.sink.until(() => near.sink.calls.length > 0)
          near.pipe.end()
          await near.sink.has('close')
        })
      }

      it('calls nothing during it, though bytes are here already', async () => {
        const { near } = await open({ early: pattern(100) })
        await near.sink.until(() => near.sink.length === 100)
        expect(near.sink.received.equals(pattern(100))).to.equal(true)
      })
    })

    describe('data', () => {
      it('brings all bytes in their order', async () => {
        const { near, far } = await open()
        const expected: Buffer[] = []
        for (let index = 0; index < 300; index++) {
          const bytes = pattern((index * 997) % 9000, index)
          expected.push(bytes)
          if (bytes.length > 0) void far.write(bytes)
        }
        const all = Buffer.concat(expected)
        await near.sink.until(() => near.sink.length >= all.length)
        expect(near.sink.received.equals(all)).to.equal(true)
      })

      it('is not entered again by what is called within it, and its bytes stay as they are', async () => {
        const { near, far } = await open()
        near.sink.onData = () => {
          near.write(near.sink.received.subarray(-10))
          near.pipe.pause()
          near.pipe.resume()
          near.pipe.pause()
          near.pipe.resume()
        }
        for (let index = 0; index < 50; index++) await far.write(pattern(1000, index))
        await near.sink.until(() => near.sink.length === 50_000)
        expect((await far.read(near.sink.dataCalls * 10)).length).to.equal(near.sink.dataCalls * 10)
      })
    })

    describe('write', () => {
      it('sends all bytes in their order, whatever is said of more', async () => {
        const { near, far } = await open()
        const expected: Buffer[] = []
        for (let index = 0; index < 300; index++) {
          const bytes = pattern(((index * 313) % 4000) + 1, index)
          expected.push(bytes)
          near.write(bytes, index % 3 !== 2)
          if (index % 50 === 49) await settled(() => near.pipe.buffered ?? 0)
        }
        const all = Buffer.concat(expected)
        expect((await far.read(all.length)).equals(all)).to.equal(true)
      })

      it('says so if bytes have to wait; drain follows, once, when all have left', async () => {
        const { near, far } = await open()
        far.stopReading()
        const bytes = fill(near)
        expect(near.refusals).to.be.above(0)
        await settled(() => near.pipe.buffered ?? 0)
        expect(near.sink.drains).to.equal(0)
        if (near.pipe.buffered !== undefined) {
          expect(near.pipe.buffered).to.be.above(0)
          expect(near.pipe.buffered).to.be.at.most(bytes.length)
        }
        near.sink.onDrain = () => {
          if ((near.pipe.buffered ?? 0) > 0) near.sink.faults.push('drain came while bytes wait')
        }
        far.readOn()
        await near.sink.has('drain')
        expect((await far.read(bytes.length)).equals(bytes)).to.equal(true)
        await settled(() => near.sink.drains)
        expect(near.sink.drains).to.equal(1)
        expect(near.pipe.buffered ?? 0).to.equal(0)
      })

      it('drain follows each time, and not where nothing had to wait', async () => {
        const { near, far } = await open()
        let total = 0
        for (let round = 1; round <= 20; round++) {
          const { drains } = near.sink
          const waits = !near.write(pattern(1000, round))
          total += 1000
          if (waits) await near.sink.until(() => near.sink.drains > drains)
          await far.read(total)
          await settled(() => near.sink.drains)
          expect(near.sink.drains - drains).to.equal(waits ? 1 : 0)
        }
      })
    })

    describe('pause and resume', () => {
      it('hold up data, and the far end feels it; nothing is lost', async () => {
        const { near, far } = await open()
        near.pipe.pause()
        const bytes = pattern(MUCH)
        for (let at = 0; at < MUCH; at += MEBIBYTE) void far.write(bytes.subarray(at, at + MEBIBYTE))
        await settled(() => far.waiting)
        expect(near.sink.calls).to.deep.equal([])
        expect(far.waiting).to.be.above(0)
        near.pipe.resume()
        await near.sink.until(() => near.sink.length >= MUCH)
        expect(near.sink.received.equals(bytes)).to.equal(true)
      })

      it('within data hold up the next one', async () => {
        const { near, far } = await open()
        const bytes = pattern(MEBIBYTE)
        let paused = false
        near.sink.onData = () => {
          if (paused) near.sink.faults.push('data came while paused')
          paused = true
          near.pipe.pause()
        }
        void far.write(bytes)
        while (near.sink.length < MEBIBYTE) {
          await near.sink.until(() => paused)
          await settled(() => near.sink.length)
          paused = false
          near.pipe.resume()
        }
        expect(near.sink.received.equals(bytes)).to.equal(true)
      })

      it('may follow each other within a turn: the last one counts', async () => {
        const { near, far } = await open()
        near.pipe.pause()
        near.pipe.resume()
        near.pipe.pause()
        const bytes = pattern(MUCH)
        for (let at = 0; at < MUCH; at += MEBIBYTE) void far.write(bytes.subarray(at, at + MEBIBYTE))
        await settled(() => far.waiting)
        expect(near.sink.length).to.equal(0)
        // The pipe does not read on in secret, either.
        expect(far.waiting).to.be.above(0)
        near.pipe.resume()
        near.pipe.pause()
        near.pipe.resume()
        await near.sink.until(() => near.sink.length >= MUCH)
        expect(near.sink.received.equals(bytes)).to.equal(true)
      })

      it('hold up what is here already when the pipe is started', async () => {
        const { near } = await open({ early: pattern(100), behindStart: near => near.pipe.pause() })
        await settled(() => near.sink.length)
        expect(near.sink.calls).to.deep.equal([])
        near.pipe.resume()
        await near.sink.until(() => near.sink.length === 100)
      })

      it('change nothing about writing', async () => {
        const { near, far } = await open()
        near.pipe.pause()
        near.write(pattern(1000))
        expect((await far.read(1000)).equals(pattern(1000))).to.equal(true)
        near.pipe.end()
        await far.ended
      })

      it('do no harm where they have nothing to do', async () => {
        const { near, far } = await open()
        near.pipe.resume()
        near.pipe.pause()
        near.pipe.pause()
        near.pipe.resume()
        near.pipe.resume()
        await far.write(pattern(100))
        await near.sink.until(() => near.sink.length === 100)
      })
    })

    it('ref and unref change nothing about what is sent and received', async () => {
      const { near, far } = await open()
      near.pipe.unref?.()
      near.write(pattern(100))
      await far.read(100)
      near.pipe.ref?.()
      await far.write(pattern(100))
      await near.sink.until(() => near.sink.length === 100)
    })
  })

  testEndings(transport)
}
