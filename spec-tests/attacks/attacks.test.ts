import { expect } from 'chai'
import { catalogue, checks } from './catalogue.ts'
import { measure } from './measure.ts'

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

describe('Attacks: bytes that the client sends', function () {
  this.timeout(60_000)
  for (const { name, source, run } of checks) {
    it(`${name} (${source})`, async () => {
      const { problems } = await run()
      expect(problems).to.deep.equal([])
    })
  }
})
