import { expect } from 'chai'
import { seedsOf, targets } from '../../scripts/fuzz/targets.ts'

/** So many seeds of each target are tried, spread over all of them: all take seconds. */
const SEEDS = 60

describe('Targets of the guided fuzzer', () => {
  for (const [name, target] of Object.entries(targets)) {
    it(`${name} holds for its seeds, and for inputs of a few bytes`, async () => {
      const seeds = seedsOf(name)
      expect(seeds).to.have.length.above(2)
      const step = Math.ceil(seeds.length / SEEDS)
      const few = [0, 1, 3, 4, 5].map(length => new Uint8Array(length).fill(0x81))
      for (const input of [...few, ...seeds.filter((_seed, index) => index % step === 0)]) await target(input)
    })
  }
})
