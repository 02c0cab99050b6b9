import type { Expectation } from './runner/judge.ts'

/** The tests that this package is known not to pass, each with the reason. `--expectations` takes another list. */
export const expectations: readonly Expectation[] = [
  ...['20', '22'].map(
    (version): Expectation => ({
      implementation: 'ours',
      runtime: `node ${version}.*`,
      file: 'Send-binary-arraybufferview-float16.any.js',
      outcome: 'fail',
      reason: `Node.js ${version} has no Float16Array`,
    }),
  ),
]
