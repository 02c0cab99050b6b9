import type { TestCase } from './test-case.ts'

const queries = { ws: '?default', wss: '?wss', h2: '?wpt_flags=h2' } as const

/** All ported tests, by file, scope and variant, under the addresses that upstream's have. */
export async function findPortedTests(): Promise<TestCase[]> {
  const { ports } = await import('../all-ports.ts')
  return ports.flatMap(port =>
    port.scopes.flatMap(scope =>
      port.variants.map((variant): TestCase => {
        const long = port.timeout === 'long'
        return { suite: 'ports', file: port.upstream, query: queries[variant], variant, scope, long, scripts: [] }
      }),
    ),
  )
}
