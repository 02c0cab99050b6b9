import { ports } from '../all-ports.ts'
import type { TestCase } from './test-case.ts'

const queries = { ws: '?default', wss: '?wss', h2: '?wpt_flags=h2' } as const

/** All ported tests, one per file, scope and variant, with upstream's paths and queries. */
export function findPortedTests(): TestCase[] {
  return ports.flatMap(port =>
    port.scopes.flatMap(scope =>
      port.variants.map((variant): TestCase => {
        const long = port.timeout === 'long'
        const { upstream: file, takesCookies } = port
        return { suite: 'ports', file, query: queries[variant], variant, scope, long, scripts: [], takesCookies }
      }),
    ),
  )
}
