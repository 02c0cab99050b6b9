import { expect } from 'chai'
import fc from 'fast-check'
import { deviations, leftovers } from './judge.ts'
import { FaultyPeer } from './peer.ts'
import { measureDialogue, runSchedules } from './run.ts'
import { everyOffset, schedules } from './schedule.ts'
import { type Way, wayNames, ways } from './way.ts'

// `npm run faults` tries every offset. Here are some, and random schedules of a fixed seed.
const SEED = 19
/** Mocha has timers of its own. */
const SOCKETS = /^(TCP|TLS)/

/** Bytes between two offsets, for faults that are noticed at once and for those that take a time limit; and random schedules. */
interface Density {
  readonly step: number
  readonly silentStep: number
  readonly runs: number
}

function densityOf(way: Way): Density {
  const { secure, http2, proxy } = ways[way]
  if (http2 || proxy !== undefined) return { step: secure ? 601 : 97, silentStep: secure ? 1201 : 301, runs: 20 }
  return { step: secure ? 211 : 37, silentStep: secure ? 601 : 149, runs: 60 }
}

describe('Faults of the network', function () {
  // Each connection has limits of its own.
  this.timeout(300_000)
  let peer: FaultyPeer
  before(async () => {
    expect(await leftovers(SOCKETS), 'left by the tests before').to.deep.equal([])
    peer = await FaultyPeer.start()
  })
  after(() => peer.close())

  for (const way of wayNames) {
    const { step, silentStep, runs } = densityOf(way)
    for (const kind of ['WebSocket', 'WebSocketStream'] as const) {
      it(`${kind}, ${way}: each connection has one end, and leaves nothing`, async () => {
        const lengths = await measureDialogue(peer, kind, way)
        const random = fc.sample(schedules(lengths, way), { numRuns: runs, seed: SEED })
        const tried = [...everyOffset(lengths, way, step, silentStep), ...random]
        const found: string[] = []
        let count = 0
        await runSchedules(peer, kind, way, tried, outcome => {
          count++
          for (const text of deviations(outcome)) found.push(`${JSON.stringify(outcome.schedule)}: ${text}`)
        })
        expect(found).to.deep.equal([])
        expect(count).to.equal(tried.length)
        expect(await leftovers(SOCKETS)).to.deep.equal([])
      })
    }
  }
})
