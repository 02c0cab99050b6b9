import { expect } from 'chai'
import type { Implementation, Port } from '../../wpt/port.ts'
import type { Job } from '../../wpt/runner/child/job.ts'
import { runPort } from '../../wpt/runner/child/port-suite.ts'
import type { SubtestResult } from '../../wpt/runner/results.ts'

/** Milliseconds that a subtest has here. */
const limit = 200

/** Runs a port of these subtests. Resolves with each title and status, and the message of what failed. */
async function resultsOf(subtests: Port['subtests']): Promise<string[]> {
  const results: SubtestResult[] = []
  const port: Port = { upstream: 'a.any.js', variants: ['ws'], scopes: ['window'], subtests }
  const job = { variant: 'ws', scope: 'window', location: 'http://localhost/', base: 'ws://localhost' }
  await runPort(port, { ...job, milliseconds: limit } as Job, {} as Implementation, {
    subtest: result => results.push(result),
    end: () => {},
  })
  return results.map(({ name, status, message = '' }) => `${name}: ${status} ${message}`.trim())
}

/** Keeps the event loop from running, as a machine does that has other things to do. */
function block(milliseconds: number): void {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

describe('The time limit of a subtest', () => {
  it('does not run while the process does not', async () => {
    const results = await resultsOf({
      async slow() {
        await new Promise(resolve => setTimeout(resolve, 1))
        block(limit * 2)
        await new Promise(resolve => setTimeout(resolve, 1))
      },
    })
    expect(results).to.deep.equal(['slow: PASS'])
  })

  it('ends one that does not settle, and the next begins', async () => {
    const results = await resultsOf({ never: () => new Promise(() => {}), next: () => {} })
    expect(results).to.deep.equal([`never: TIMEOUT nothing within ${limit} ms`, 'next: PASS'])
  })
})
