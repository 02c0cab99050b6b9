import { allProperties } from './all.ts'

describe('Properties, tried with random values', function () {
  // For a hang alone: a report comes much sooner.
  this.timeout(180_000)
  for (const { name, runs, try: tryIt } of allProperties) {
    // A failure prints its seed: npm run fuzz -- --seed SEED tries the same again.
    it(name, () => tryIt(runs, randomSeed()))
  }
})

function randomSeed(): number {
  return (Math.random() * 0x7fffffff) | 0
}
