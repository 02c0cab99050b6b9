import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Ending, runNode } from './child.ts'
import type { MochaReport } from './mocha-reporter.ts'
import type { MochaRun } from './mocha-run.ts'
import type { SuiteResult } from './suite.ts'
import type { Times } from './times.ts'

const program = fileURLToPath(new URL('./mocha-run.js', import.meta.url))

/**
 * The heap of the process begins large. One that grows is collected again and again while the tests are loaded, and then marked beside
 * them, which takes up to a tenth of the CPU time of the process. The processes that tests start have the heap of a user.
 */
const HEAP = ['--initial-heap-size=512', '--min-semi-space-size=32', '--max-semi-space-size=64']

/** Milliseconds after which a run counts as hanging, whatever it runs, and how many more each file may take. */
const LIMIT = 10 * 60_000
const LIMIT_PER_FILE = 2 * 60_000
/** Milliseconds that the process may take to end after the last test. */
const GRACE = 10_000
/** Milliseconds after which a test counts as hanging: many, because the machine may be busy. */
const TEST_LIMIT = 60_000
/** Most failures that the summary names. All are described above it, where they happened. */
const MAX_NAMED = 20

export interface MochaOptions {
  readonly name: string
  readonly files: readonly string[]
  /** Only tests whose full name has this text. */
  readonly grep?: string | undefined
  /** The folder to which V8 writes coverage. */
  readonly coverage?: string | undefined
  readonly limit?: number
  /** How long the process may take to end after the last test, in milliseconds. */
  readonly grace?: number
  /** Prints nothing: what the tests wrote is in the result. */
  readonly collect?: boolean
  /** Prints each test by name. */
  readonly detailed?: boolean | undefined
}

export interface MochaResult extends SuiteResult {
  readonly times: Times
  /** What was written to standard output and standard error, with `collect`. */
  readonly output: string
}

/** Runs test files with mocha, all in one child process. */
export async function runMocha(options: MochaOptions): Promise<MochaResult> {
  const { name, files, grep, coverage, grace = GRACE, collect = false, detailed } = options
  const limit = options.limit ?? LIMIT + files.length * LIMIT_PER_FILE
  if (files.length === 0) return { ...broken(name, 'there is no test file to run'), times: noTimes, output: '' }
  const folder = await mkdtemp(join(tmpdir(), 'mocha-'))
  try {
    const reportPath = join(folder, 'report.json')
    const outputPath = join(folder, 'output.txt')
    const reporter = { output: reportPath, grace, detailed: detailed === true }
    const run: MochaRun = { files, grep, timeout: TEST_LIMIT, reporter }
    const ending = await runNode([...HEAP, program, JSON.stringify(run)], {
      environment: { NODE_V8_COVERAGE: coverage },
      limit,
      output: collect ? { path: outputPath } : 'inherit',
    })
    const report = readReport(reportPath)
    const output = collect ? readFileSync(outputPath, 'utf8') : ''
    return { ...judge(name, ending, report), times: report?.times ?? noTimes, output }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const noTimes: Times = { files: [], tests: [] }

function judge(name: string, ending: Ending, report: MochaReport | undefined): SuiteResult {
  if (report === undefined) return broken(name, `the process ${ending.broken ?? 'ended'} before any test was run`)
  const notes: string[] = []
  if (report.leftOpen.length > 0) notes.push(`the process did not end by itself; open: ${report.leftOpen.join(', ')}`)
  else if (ending.broken !== undefined) notes.push(`the process ${ending.broken}`)
  else if (!report.finished) notes.push('the process ended in the middle of a test')
  else if (report.failed === 0 && ending.exitCode !== 0) notes.push(`the process ended with code ${ending.exitCode}`)
  if (report.passed + report.failed === 0) notes.push('no test was run')
  const { passed, skipped } = report
  const failed = report.failed + notes.length
  for (const failure of report.failures.slice(0, MAX_NAMED)) notes.push(`failed: ${failure}`)
  if (report.failures.length > MAX_NAMED) notes.push(`and ${report.failures.length - MAX_NAMED} more`)
  return { name, passed, failed, skipped, notes }
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
