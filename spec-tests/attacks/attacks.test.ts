import { expect } from 'chai'
import { ensureRuntime, INSTALL_LIMIT } from '../support/runtimes.ts'
import { catalogue, checks } from './catalogue.ts'
import { type AttackedRuntime, measure, otherRuntime } from './measure.ts'

/* Every attack and every check of the catalogue; `node build/spec-tests/attacks/report.js` tells the same as a table. */

for (const [title, attacks] of Object.entries(catalogue)) {
  describe(`Attacks: ${title}`, function () {
    // Each starts a process. The limit is for a hang alone, on the slowest machine.
    this.timeout(90_000)
    for (const attack of attacks) {
      it(`${attack.name} (${attack.source})`, async () => {
        const { problems } = await measure(attack)
        expect(problems).to.deep.equal([])
      })
    }
  })
}

/** An attack on each part of the client that stands on what the runtime gives: reads, memory, time limits, DEFLATE. */
const ON_EACH_RUNTIME = [
  'a deflate bomb over many fragments',
  'lengths that are announced, and no payload',
  'thousands of header fields',
  'a head that comes drop by drop',
  'a refusal with a body without end',
  'a server that never answers the Close frame',
]

for (const kind of ['bun', 'deno'] as const) {
  describe(`Attacks on a client in ${kind}`, function () {
    this.timeout(INSTALL_LIMIT)
    let runtime: AttackedRuntime
    before(async () => {
      runtime = otherRuntime(kind, await ensureRuntime(kind))
    })
    for (const name of ON_EACH_RUNTIME) {
      it(name, async () => {
        const attack = Object.values(catalogue)
          .flat()
          .find(one => one.name === name)!
        const { problems } = await measure(attack, runtime)
        expect(problems).to.deep.equal([])
      })
    }
  })
}

describe('Attacks: bytes that the client sends', function () {
  this.timeout(60_000)
  for (const { name, source, run } of checks) {
    it(`${name} (${source})`, async () => {
      const { problems } = await run()
      expect(problems).to.deep.equal([])
    })
  }
})
