import { expect } from 'chai'
import { differences } from './ws-differences.ts'
import { compare } from './ws-differential.ts'

/*
 * The same bytes through our reader and that of ws. Random streams are compared in fuzz.test.ts; each difference that may
 * be found there is shown here, so that none is explained that does not exist.
 */
describe('Differences from the reader of ws', () => {
  for (const { name, section, reason, example, explains } of differences) {
    it(`${name}: ${reason} (${section})`, async () => {
      const difference = await compare(example)
      expect(difference).to.deep.equal({ ours: example.ours, theirs: example.theirs })
      expect(explains(difference!, example)).to.equal(true)
    })
  }

  it('each is explained by its own reason alone', async () => {
    for (const { name, example } of differences) {
      const difference = (await compare(example))!
      const reasons = differences.filter(({ explains }) => explains(difference, example))
      expect(reasons.map(reason => reason.name)).to.deep.equal([name])
    }
  })
})
