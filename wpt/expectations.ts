import type { Expectation } from './runner/judge.ts'

/** What this package is known not to pass, with the reason. Another list can be given with `--expectations`. */
export const expectations: readonly Expectation[] = [
  {
    implementation: 'ours',
    variant: 'h2',
    outcome: 'not run',
    reason: 'there is no transport for WebSocket over HTTP/2 (RFC 8441) yet',
  },
  {
    implementation: 'ours',
    runtime: 'node 20.*',
    file: 'Send-binary-arraybufferview-float16.any.js',
    outcome: 'fail',
    reason: 'Node.js 20 has no Float16Array',
  },
]
