import type { Expectation } from './runner/judge.ts'

/** The tests that this package is known not to pass, each with the reason. `--expectations` takes another list. */
export const expectations: readonly Expectation[] = [
  {
    implementation: 'ours',
    variant: 'h2',
    outcome: 'not run',
    reason: 'there is no transport for WebSocket over HTTP/2 (RFC 8441) yet',
  },
  ...['chromium *', 'firefox *'].map(
    (runtime): Expectation => ({
      implementation: 'ours',
      runtime,
      file: 'stream/tentative/backpressure-receive.any.js',
      outcome: 'fail',
      reason: 'a page cannot hold the server back: the WebSocket of the browser reads at any rate',
    }),
  ),
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
