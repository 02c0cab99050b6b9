import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'

/** Milliseconds that connections and processes may take to end after the last test of a suite. */
const GRACE = 5000

/** Milliseconds between two looks: to look in each turn would keep a core busy. */
const PAUSE = 10

/** Sockets, servers and child processes, by Node.js' names. Mocha has timers of its own, and its output may be a pipe. */
const KINDS = /^(TCP|TLS|Process)/

/**
 * Root hooks of mocha: what the tests of a suite have left open fails this suite. Otherwise it would be found by a later test
 * that counts connections, and only in some orders.
 */
export const mochaHooks: Mocha.RootHookObject = {
  beforeAll(this: Mocha.Context) {
    for (const suite of this.test!.parent!.suites) suite.afterAll('leaves nothing open', expectNothingOpen)
  },
}

async function expectNothingOpen(this: Mocha.Context): Promise<void> {
  this.timeout(2 * GRACE)
  const end = performance.now() + GRACE
  for (;;) {
    const open = process.getActiveResourcesInfo().filter(name => KINDS.test(name))
    if (open.length === 0) return
    if (performance.now() > end) throw new Error(`The tests have left open: ${open.join(', ')}`)
    await sleep(PAUSE)
  }
}
