import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runNode } from './child.ts'
import type { MochaReport } from './mocha-reporter.ts'
import type { SuiteResult } from './suite.ts'

const mocha = createRequire(import.meta.url).resolve('mocha/bin/mocha.js')
const reporter = fileURLToPath(new URL('./mocha-reporter.js', import.meta.url))

/** No run takes so long, in milliseconds, unless it hangs. */
const LIMIT = 20 * 60_000
const GRACE = 10_000

export interface MochaOptions {
  readonly name: string
  readonly files: readonly string[]
  /** Only tests whose full name has this text. */
  readonly grep?: string | undefined
  /** A folder for V8's coverage of the process. */
  readonly coverage?: string | undefined
  readonly limit?: number
  /** How long the process may take to end after the last test, in milliseconds. */
  readonly grace?: number
  readonly silent?: boolean
}

/** Runs test files with mocha, in one process of its own. */
export async function runMocha(options: MochaOptions): Promise<SuiteResult> {
  const { name, files, grep, coverage, limit = LIMIT, grace = GRACE, silent } = options
  if (files.length === 0) return broken(name, 'there is no test file to run')
  const folder = await mkdtemp(join(tmpdir(), 'mocha-'))
  try {
    const output = join(folder, 'report.json')
    const commandLine = [mocha, '--no-config', '--no-package', '--forbid-only', '--reporter', reporter]
    commandLine.push('--reporter-option', `output=${output},grace=${grace}`)
    if (grep !== undefined) commandLine.push('--fgrep', grep)
    const ending = await runNode([...commandLine, ...files], {
      environment: { NODE_V8_COVERAGE: coverage },
      limit,
      silent,
    })
    return judge(name, ending, readReport(output))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function judge(
  name: string,
  ending: { exitCode: number | undefined; broken: string | undefined },
  report: MochaReport | undefined,
): SuiteResult {
  if (report === undefined) return broken(name, `the process ${ending.broken ?? 'ended'} before any test was run`)
  const notes: string[] = []
  if (report.leftOpen.length > 0) notes.push(`the process did not end by itself; open: ${report.leftOpen.join(', ')}`)
  else if (ending.broken !== undefined) notes.push(`the process ${ending.broken}`)
  else if (!report.finished) notes.push('the process ended in the middle of a test')
  else if (report.failed === 0 && ending.exitCode !== 0) notes.push(`the process ended with code ${ending.exitCode}`)
  if (report.passed + report.failed === 0) notes.push('no test was run')
  const { passed, failed, skipped } = report
  return { name, passed, failed: failed + notes.length, skipped, notes }
}

function readReport(path: string): MochaReport | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as MochaReport
  } catch {
    return undefined
  }
}

function broken(name: string, note: string): SuiteResult {
  return { name, passed: 0, failed: 1, skipped: 0, notes: [note] }
}
