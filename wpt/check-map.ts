/**
 * Checks `map.ts` against the ports, and with `--upstream DIR` against a checkout: every file of upstream has a port with its
 * variants and scopes, or a reason why it has none. Prints what is wrong; the exit code is 1 when anything is.
 */
import process from 'node:process'
import { parseArgs } from 'node:util'
import { ports } from './all-ports.ts'
import { mappedFile, mappedFiles } from './map.ts'
import type { Scope, Variant } from './port.ts'
import { type TestCase, variantOf } from './runner/test-case.ts'
import { findUpstreamTests } from './runner/upstream-suite.ts'

const { values } = parseArgs({ options: { upstream: { type: 'string' } } })
const faults = [...portFaults(), ...(values.upstream === undefined ? [] : await checkoutFaults(values.upstream))]
for (const fault of faults) console.error(fault)
const applicable = mappedFiles.filter(({ reason }) => reason === undefined)
const subtests = ports.reduce((sum, port) => sum + Object.keys(port.subtests).length, 0)
console.log(
  `${mappedFiles.length} files of upstream: ${applicable.length} apply, ${ports.length} are ported (${subtests} subtests); ` +
    `${faults.length} faults`,
)
process.exitCode = faults.length === 0 ? 0 : 1

function portFaults(): string[] {
  const byFile = new Map(ports.map(port => [port.upstream, port]))
  const faults = ports.length === byFile.size ? [] : ['two ports are of one file']
  for (const { file, subtests, reason } of mappedFiles) {
    const port = byFile.get(file)
    // Those of cookies have ports that take a jar.
    if (reason !== undefined && port?.takesCookies !== true) {
      if (port) faults.push(`${file} has a port, and a reason to have none: ${reason}`)
      continue
    }
    if (!port) {
      faults.push(`${file} has no port`)
      continue
    }
    const variants = file.includes('.https.') ? ['wss'] : Object.keys(subtests).map(variantOf)
    if (!same(port.variants, variants)) faults.push(`${file}: upstream has ${variants}, the port ${port.variants}`)
    const scopes = scopesOf(file)
    if (!same(port.scopes, scopes)) faults.push(`${file}: upstream runs in ${scopes}, the port in ${port.scopes}`)
    if (Object.keys(port.subtests).length === 0) faults.push(`${file}: the port has no subtests`)
  }
  for (const port of ports) if (!mappedFile(port.upstream)) faults.push(`${port.upstream} is no file of upstream`)
  return faults
}

/** The scopes that follow from the name of a file. No file below `websockets/` restricts them further in a comment. */
function scopesOf(file: string): Scope[] {
  if (file.endsWith('.any.js')) return ['window', 'worker']
  return [file.endsWith('.worker.js') ? 'worker' : 'window']
}

async function checkoutFaults(checkout: string): Promise<string[]> {
  const tests = await findUpstreamTests(checkout)
  const byFile = new Map(tests.map(({ file }) => [file, tests.filter(test => test.file === file)]))
  const faults = mappedFiles.filter(({ file }) => !byFile.has(file)).map(({ file }) => `${file} is not in the checkout`)
  for (const [file, found] of byFile) {
    const mapped = mappedFile(file)
    if (!mapped) faults.push(`${file} of the checkout is not in the map`)
    else if (!same(Object.keys(mapped.subtests), queriesOf(found))) {
      faults.push(`${file}: the checkout has the variants ${queriesOf(found)}, the map ${Object.keys(mapped.subtests)}`)
    }
  }
  return faults
}

function queriesOf(tests: readonly TestCase[]): string[] {
  return [...new Set(tests.map(test => test.query))]
}

function same(one: readonly (string | Variant)[], other: readonly string[]): boolean {
  return [...one].sort().join() === [...other].sort().join()
}
