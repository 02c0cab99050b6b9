/**
 * The files of spec-tests/ that take longer than all files of other processes together. Each has a process of its own, and these
 * start first: a long one that starts last runs while nothing else does.
 */
export const HEAVY: ReadonlySet<string> = new Set([
  'spec-tests/attacks/attacks.test.ts',
  'spec-tests/platform/clocks.test.ts',
  'spec-tests/faults/faults.test.ts',
  'spec-tests/options/deadlines.test.ts',
  'spec-tests/conformance/conformance.test.ts',
])
