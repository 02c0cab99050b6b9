import { expect } from 'chai'
import { injectionChecks } from './catalogue/injection.ts'
import { sentByteChecks } from './catalogue/sent-bytes.ts'

describe('Attacks: bytes that the client sends', function () {
  this.timeout(60_000)
  for (const { name, source, run } of [...sentByteChecks, ...injectionChecks]) {
    it(`${name} (${source})`, async () => {
      const { problems } = await run()
      expect(problems).to.deep.equal([])
    })
  }
})
