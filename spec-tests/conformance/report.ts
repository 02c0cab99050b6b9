import process from 'node:process'
import { runCase } from './run-case.ts'
import { startFuzzingServer } from './server.ts'
import { suite } from './suite.ts'
import { describeTable, type GroupResult } from './table.ts'

/*
 * node build/spec-tests/conformance/report.js [PART]
 *
 * Runs the suite, or the groups whose names have that part, and prints the table of docs/security.md. What is not strict
 * is told on standard error, and makes the exit code 1.
 */

const part = (process.argv[2] ?? '').toLowerCase()
const results: GroupResult[] = []
const server = await startFuzzingServer()
try {
  for (const { name, cases } of suite) {
    if (!name.toLowerCase().includes(part)) continue
    let strict = 0
    for (const conformanceCase of cases) {
      const verdict = await runCase(server, conformanceCase)
      if (verdict.strict) strict++
      else console.error(`${name}, ${conformanceCase.section}: ${conformanceCase.title}\n  ${verdict.departure}`)
    }
    results.push({ name, strict, failed: cases.length - strict })
  }
} finally {
  await server.close()
}
console.log(describeTable(results))
process.exitCode = results.some(({ failed }) => failed > 0) || results.length === 0 ? 1 : 0
