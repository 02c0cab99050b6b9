import type { Subject } from './results.ts'
import type { TestCase } from './test-case.ts'

/** Most files per process. Starting a process takes longer than most files: 10 files in each cost a third more CPU time. */
const size = 40

/**
 * Groups the tests that may share a process. Files of upstream run alone, since each needs its own global scope; ports restore
 * what they change. A long test runs alone too. Only tests of this package's own classes are grouped: an error that another
 * implementation throws after its test has ended would count against the next test.
 */
export function inBatches(tests: readonly TestCase[], { implementation }: Subject): TestCase[][] {
  const batches: TestCase[][] = []
  const open = new Map<string, TestCase[]>()
  for (const test of tests) {
    const alone = test.suite === 'upstream' || implementation !== 'ours'
    const key = `${test.scope} ${test.variant}`
    let batch = open.get(key)
    if (batch === undefined || batch.length === size || test.long || alone) {
      batch = []
      batches.push(batch)
      if (!test.long) open.set(key, batch)
    }
    batch.push(test)
  }
  return batches
}
