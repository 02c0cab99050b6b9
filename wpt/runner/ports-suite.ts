import { ports } from '../all-ports.ts'
import type { TestCase } from './test-case.ts'

const queries = { ws: '?default', wss: '?wss', h2: '?wpt_flags=h2' } as const

/** All ported tests, by file, scope and variant, under the addresses that upstream's have. */
export function findPortedTests(): TestCase[] {
  return ports.flatMap(port =>
    port.scopes.flatMap(scope =>
      port.variants.map((variant): TestCase => {
        const long = port.timeout === 'long'
        return { suite: 'ports', file: port.upstream, query: queries[variant], variant, scope, long, scripts: [] }
      }),
    ),
  )
}
