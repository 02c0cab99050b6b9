#!/usr/bin/env node
import { writeFile } from 'node:fs/promises'
import process from 'node:process'
import { aboutRun } from './runner/about-run.ts'
import { htmlReport } from './runner/html-report.ts'
import { jsonReport } from './runner/json-report.ts'
import { readOptions, UsageError, usage } from './runner/options.ts'
import { findTests, type Run, runTests } from './runner/run.ts'
import { Progress, printTable, printVerdicts } from './runner/terminal.ts'

// process.exit() calls the exit listeners, which end the browsers, servers and runtimes that were started.
process.on('SIGINT', () => process.exit(130))
process.on('SIGTERM', () => process.exit(143))
try {
  process.exitCode = await main()
} catch (error) {
  console.error(error instanceof UsageError ? `${error.message}\n(--help tells the options)` : error)
  process.exitCode = 2
}

/** Returns the exit code: 1 if a result is not as expected. */
async function main(): Promise<number> {
  const words = process.argv.slice(2)
  const options = readOptions(words)
  if (options.help) {
    console.log(usage)
    return 0
  }
  if (options.list) {
    for (const test of await findTests(options)) {
      console.log([test.file + test.query, test.scope, test.browserOnly ?? ''].join('\t').trim())
    }
    return 0
  }
  let progress: Progress | undefined
  let servedBy = ''
  const started = new Date()
  const run = await runTests(
    options,
    (total, server) => {
      console.log(`${total} files, served by ${server}`)
      servedBy = server
      progress = new Progress(total)
    },
    result => progress?.step(result),
  )
  progress?.end()
  if (run.results.length === 0) throw new UsageError('no test is chosen')
  printVerdicts(run.verdicts)
  printNotRun(run)
  console.log('')
  printTable(run.results)
  if (options.json !== undefined) await writeFile(options.json, jsonReport(run))
  if (options.html !== undefined) {
    await writeFile(options.html, htmlReport(run, aboutRun(options, words, servedBy, started)))
  }
  return run.verdicts.some(({ kind }) => kind.startsWith('unexpected')) ? 1 : 0
}

function printNotRun({ notRun }: Run): void {
  const reasons = new Map<string, number>()
  for (const { reason } of notRun) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  for (const [reason, times] of reasons) console.log(`\nnot run, ${times} files: ${reason}`)
}
