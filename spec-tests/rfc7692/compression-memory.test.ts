import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'chai'
import { type ModuleEnded, runModule } from '../support/child.ts'
import { root } from '../support/root.ts'

describe('Memory of compression contexts', () => {
  /**
   * Runs in a process of its own with a collector that can be called. A context for compression has 256 KiB, one for the
   * other way 40 KiB and more (zlib's zconf.h).
   */
  function measure(code: string): Promise<ModuleEnded> {
    return runModule(`
      import { setFlagsFromString } from 'node:v8'
      import { runInNewContext } from 'node:vm'
      import { nativeCompression } from '#lib/platform/node-zlib.js'
      import { nodePlatform } from '#lib/platform/node.js'
      import { Connection } from '#lib/protocol/connection.js'
      setFlagsFromString('--expose-gc')
      const collect = runInNewContext('gc')
      const turn = () => new Promise(resolve => setImmediate(resolve))
      const resident = async () => {
        for (let count = 0; count < 3; count++) { collect(); await turn() }
        return process.memoryUsage().rss / (1 << 20)
      }
      const deflater = () => nativeCompression.createDeflater({ windowBits: 15, level: 1, memLevel: 8 })
      const inflater = () => nativeCompression.createInflater(15, Infinity)
      const hello = Buffer.from('f248cdc9c90700', 'hex')
      const output = new Uint8Array(10)
      const use = one => 'deflate' in one ? one.deflate(hello) : one.inflate(hello, 0, 7, false, output, 0)
      const nothing = () => {}
      const owner = {
        onText: nothing, onBinary: nothing, onPong: nothing, onCloseReceived: nothing, flushSoon: nothing, continueReadingLater: nothing,
        onViolation: nothing, onServerEndDue: nothing, onDrained: nothing, onClosed: nothing, onReleased: nothing,
      }
      /** A connection that has agreed on permessage-deflate. */
      const connect = () => {
        const pipe = {
          start(sink) { this.sink = sink },
          write: () => true, end: nothing, abort: nothing, pause: nothing, resume: nothing, buffered: 0,
        }
        const settings = { maxPayload: 0, maxFragments: 0, perMessageDeflate: { threshold: 0, level: 1, memLevel: 8 } }
        const agreed = {
          serverNoContextTakeover: false, clientNoContextTakeover: false, serverMaxWindowBits: 15, clientMaxWindowBits: 15,
        }
        return { connection: new Connection(nodePlatform, pipe, owner, settings, agreed), pipe }
      }
      const exchange = ({ connection, pipe }) => {
        connection.sendText('hello')
        connection.flush()
        pipe.sink.data(Buffer.concat([Buffer.from([0xc1, hello.length]), hello]))
      }
      // Whatever the first ones bring along.
      for (const one of [deflater(), inflater()]) { use(one); one.close() }
      ${code}
    `)
  }

  it('is taken at the first use', async () => {
    const { lines, errors } = await measure(`
      const before = await resident()
      const all = Array.from({ length: 200 }, () => [deflater(), inflater()]).flat()
      const made = await resident()
      for (const one of all) use(one)
      const used = await resident()
      for (const one of all) one.close()
      console.log(made - before)
      console.log(used - made)
    `)
    expect(errors).to.equal('')
    const [made, used] = lines.map(Number)
    // 200 pairs of contexts are 58 MiB.
    expect(made).to.be.below(10)
    expect(used).to.be.above(40)
  }).timeout(60_000)

  it('is given back by close, not by the collector', async () => {
    const { lines, errors } = await measure(`
      for (let round = 0; round < 6; round++) {
        const all = Array.from({ length: 200 }, () => [deflater(), inflater()]).flat()
        for (const one of all) use(one)
        for (const one of all) one.close()
        console.log(process.memoryUsage().rss / (1 << 20))
      }
    `)
    expect(errors).to.equal('')
    const rounds = lines.map(Number)
    expect(rounds).to.have.length(6)
    // Five rounds more would be 290 MiB.
    expect(rounds[5]! - rounds[0]!).to.be.below(60)
  }).timeout(60_000)

  it('is not taken by a connection that has compressed nothing', async () => {
    const { lines, errors } = await measure(`
      const before = await resident()
      const all = Array.from({ length: 200 }, connect)
      const made = await resident()
      for (const one of all) exchange(one)
      console.log(made - before)
      console.log((await resident()) - made)
    `)
    expect(errors).to.equal('')
    const [made, used] = lines.map(Number)
    expect(made).to.be.below(10)
    expect(used).to.be.above(40)
  }).timeout(60_000)

  for (const [ending, code] of [
    ['closed', 'one.pipe.sink.close()'],
    ['failed', 'one.pipe.sink.data(Buffer.from([0xff, 0xff])), one.connection.failAfterViolation()'],
  ]) {
    it(`is given back by a connection that has ${ending}`, async () => {
      const { lines, errors } = await measure(`
        const kept = []
        for (let round = 0; round < 6; round++) {
          const all = Array.from({ length: 200 }, connect)
          for (const one of all) exchange(one)
          for (const one of all) ${code}
          // Whoever keeps the socket keeps none of it.
          kept.push(all)
          console.log(await resident())
        }
      `)
      expect(errors).to.equal('')
      const rounds = lines.map(Number)
      expect(rounds).to.have.length(6)
      expect(rounds[5]! - rounds[0]!).to.be.below(60)
    }).timeout(60_000)
  }

  for (const compression of ['nativeCompression', 'documentedCompression']) {
    it(`is not taken for what a bomb inflates to beyond the limit: ${compression}`, async () => {
      const { lines, errors } = await measure(`
        import { deflateRawSync } from 'node:zlib'
        import { peakResident } from '${pathToFileURL(join(root, 'build/scripts/memory/peak.js'))}'
        import { FrameReader } from '#lib/codec/frame-reader.js'
        import { documentedCompression } from '#lib/platform/documented-zlib.js'
        const events = []
        const handler = { onBinary: nothing, onYield: nothing, onViolation: code => events.push(code) }
        const platform = { ...nodePlatform, compression: ${compression} }
        const agreed = { serverNoContextTakeover: false, serverMaxWindowBits: 15 }
        const reader = new FrameReader(platform, handler, { maxPayload: 300_000, maxFragments: 0 }, agreed)
        // 512 MiB in half a MiB, which is not yet too much to read.
        const block = deflateRawSync(Buffer.alloc(1 << 20), { finishFlush: 2 })
        const bomb = Buffer.concat([...Array.from({ length: 512 }, () => block), Buffer.from([0])])
        const head = Buffer.alloc(10)
        head[0] = 0xc2
        head[1] = 127
        head.writeUInt32BE(bomb.length, 6)
        const before = peakResident()
        reader.read(Buffer.concat([head, bomb]))
        while (reader.paused) reader.resume()
        console.log(events.join())
        console.log((peakResident() - before) / (1 << 20))
      `)
      expect(errors).to.equal('')
      expect(lines[0]).to.equal('1009')
      expect(Number(lines[1])).to.be.below(64)
    }).timeout(60_000)
  }
})
