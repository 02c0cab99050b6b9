import type { Expectation } from './runner/judge.ts'

/** The tests that this package is known not to pass, each with the reason. `--expectations` takes another list. */
export const expectations: readonly Expectation[] = [
  ...['chromium *', 'firefox *'].map(
    (runtime): Expectation => ({
      implementation: 'ours',
      runtime,
      file: 'stream/tentative/backpressure-receive.any.js',
      outcome: 'fail',
      reason: 'a page cannot hold the server back: the WebSocket of the browser reads at any rate',
    }),
  ),
  {
    implementation: 'ours',
    runtime: 'firefox *',
    file: 'stream/tentative/remote-close.any.js',
    subtest: 'an end without a close frame errors everything with one WebSocketError',
    outcome: 'varies',
    reason: 'Firefox fires no open event if the connection is lost right behind the handshake',
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
