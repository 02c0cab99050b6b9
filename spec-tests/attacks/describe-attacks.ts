import { expect } from 'chai'
import type { Attack } from './attack.ts'
import { measure } from './measure.ts'

/** One test for each attack. */
export function describeAttacks(title: string, attacks: readonly Attack[]): void {
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
