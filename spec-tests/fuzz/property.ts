import { type Arbitrary, assert, asyncProperty } from 'fast-check'

/** A statement about all values of a kind, which fast-check tries to refute. */
export interface Property {
  readonly name: string
  /** How many values the short run tries. */
  readonly runs: number
  /**
   * Tries to refute it.
   *
   * @param seed what decides which values are tried; the same ones come again with it
   * @throws an error with the smallest value that refutes it, and with its seed
   */
  try(runs: number, seed: number): Promise<void>
}

/** A value that is not done with after this time, in milliseconds, hangs. It says nothing about speed. */
const HANGS = 20_000
/** So long a short run is shrunk at most, in milliseconds: what hangs takes long for each smaller value. */
const SHRINKS = 120_000

export function property<Value>(
  name: string,
  runs: number,
  arbitrary: Arbitrary<Value>,
  holds: (value: Value) => unknown,
): Property {
  return {
    name,
    runs,
    async try(numRuns, seed) {
      const predicate = asyncProperty(arbitrary, async value => {
        await holds(value)
      })
      await assert(predicate, {
        numRuns,
        seed,
        timeout: HANGS,
        interruptAfterTimeLimit: SHRINKS * Math.max(1, numRuns / runs),
        markInterruptAsFailure: true,
      })
    },
  }
}
