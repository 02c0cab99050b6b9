/**
 * The files of spec-tests/ that take as long as all files of another process together. Each has a process of its own, and these start
 * first: a long one that starts last runs while nothing else does.
 */
export const HEAVY: ReadonlySet<string> = new Set([
  'spec-tests/attacks/attacks.test.ts',
  'spec-tests/faults/faults.test.ts',
  'spec-tests/conformance/conformance.test.ts',
  'spec-tests/house/docs.test.ts',
  'spec-tests/cli/filter.test.ts',
])

/**
 * The files that wait nearly all of their time, for time limits. They run one after the other beside the processes that are busy, since
 * in the place of one of these they would leave the cores idle.
 */
export const PATIENT: ReadonlySet<string> = new Set([
  'spec-tests/options/deadlines.test.ts',
  'spec-tests/platform/clocks.test.ts',
])
