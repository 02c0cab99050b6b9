import type { Expectation } from './runner/judge.ts'

/** The tests that this package is known not to pass, each with the reason. `--expectations` takes another list. */
export const expectations: readonly Expectation[] = [
  {
    implementation: 'ours',
    variant: 'h2',
    outcome: 'not run',
    reason: 'there is no transport for WebSocket over HTTP/2 (RFC 8441) yet',
  },
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
