import type { Subject } from './results.ts'
import type { TestCase } from './test-case.ts'

/** Most files per process. Starting a process takes longer than most files: 10 files in each cost a third more CPU time. */
const size = 40

/**
 * Groups the tests that may share a process. Files of upstream run alone, since each needs its own global scope; ports restore
 * what they change. Tests of a long time limit share processes of their own, so that a short test that hangs is ended soon. Only tests
 * of this package's own classes are grouped: an error that another implementation throws after its test has ended would count against
 * the next test.
 */
export function inBatches(tests: readonly TestCase[], { implementation }: Subject): TestCase[][] {
  const batches: TestCase[][] = []
  const open = new Map<string, TestCase[]>()
  for (const test of tests) {
    const alone = test.suite === 'upstream' || implementation !== 'ours'
    const key = `${test.scope} ${test.variant} ${test.long}`
    let batch = open.get(key)
    if (batch === undefined || batch.length === size || alone) {
      batch = []
      batches.push(batch)
      open.set(key, batch)
    }
    batch.push(test)
  }
  return batches
}
