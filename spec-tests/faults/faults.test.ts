import { expect } from 'chai'
import fc from 'fast-check'
import type { Outcome } from './dialogue.ts'
import { deviations, leftovers } from './judge.ts'
import { FaultyPeer } from './peer.ts'
import { measureDialogue, runSchedules } from './run.ts'
import { everyOffset, type Schedule, schedules } from './schedule.ts'

// `npm run faults` tries every offset. Here are some, and random schedules of a fixed seed.
const SEED = 19
const RUNS = 60

describe('Faults of the network', function () {
  this.timeout(120_000)
  let peer: FaultyPeer
  before(async () => {
    peer = await FaultyPeer.start()
  })
  after(() => peer.close())

  for (const secure of [false, true]) {
    for (const kind of ['WebSocket', 'WebSocketStream'] as const) {
      const name = `${kind} over ${secure ? 'wss' : 'ws'}`

      it(`${name}: faults at some offsets have one end each, and leave nothing`, async () => {
        const lengths = await measureDialogue(peer, kind, secure)
        await expectNoDeviation(everyOffset(lengths, secure, secure ? 211 : 37, secure ? 601 : 149))
      })

      it(`${name}: random schedules have one end each, and leave nothing`, async () => {
        const lengths = await measureDialogue(peer, kind, secure)
        await expectNoDeviation(fc.sample(schedules(lengths, secure), { numRuns: RUNS, seed: SEED }))
      })

      async function expectNoDeviation(tried: readonly Schedule[]): Promise<void> {
        // What other tests have left, such as connections that a server of theirs keeps alive.
        const before = await leftovers()
        const found: string[] = []
        const outcomes: Outcome[] = []
        await runSchedules(peer, kind, secure, tried, outcome => {
          outcomes.push(outcome)
          for (const text of deviations(outcome)) found.push(`${JSON.stringify(outcome.schedule)}: ${text}`)
        })
        expect(found).to.deep.equal([])
        expect(outcomes).to.have.lengthOf(tried.length)
        const left = await leftovers()
        for (const name of before) if (left.includes(name)) left.splice(left.indexOf(name), 1)
        // The timer is that of this test.
        expect(left.filter(name => name !== 'Timeout')).to.deep.equal([])
      }
    }
  }
})
