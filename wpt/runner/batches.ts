import type { Subject } from './results.ts'
import type { TestCase } from './test-case.ts'

/** To start a process takes longer than most files do. With more of them, the jobs would not end at about the same time. */
const size = 10

/**
 * The tests in groups that may share a process. Files of upstream are alone, since each takes a global scope of its own; ports put
 * back what they change. One that may take long is alone as well. Only this package's own classes share: what an implementation
 * throws late, when its test is over, would be held against the next one.
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
