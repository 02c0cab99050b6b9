import type { Port } from '../port.ts'
import { UsageError } from './options.ts'
import type { TestCase } from './test-case.ts'

const queries = { ws: '?default', wss: '?wss', h2: '?wpt_flags=h2' } as const

/** All ported tests, by file, scope and variant, under the addresses that upstream's have. */
export async function findPortedTests(): Promise<TestCase[]> {
  return (await loadPorts()).flatMap(port =>
    port.scopes.flatMap(scope =>
      port.variants.map((variant): TestCase => {
        const long = port.timeout === 'long'
        return { suite: 'ports', file: port.upstream, query: queries[variant], variant, scope, long, scripts: [] }
      }),
    ),
  )
}

/** Loaded when they are needed: they assert with chai, which who installs this package for another use does not have. */
async function loadPorts(): Promise<readonly Port[]> {
  try {
    return (await import('../all-ports.ts')).ports
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new UsageError(`the ported tests need the package chai: npm install chai (${(error as Error).message})`)
  }
}
