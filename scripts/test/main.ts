import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join, sep } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { leaveAuthoritiesToNpm } from './authorities.ts'
import { judgeCoverage } from './coverage.ts'
import { chooseFiles } from './files.ts'
import { runSpecTests } from './spec-tests.ts'
import { closingLine, describeSuite, type SuiteResult } from './suite.ts'
import { runWebPlatformTests } from './web-platform-suite.ts'

const usage = `npm test                         run every test
npm test -- [options] [PART...]  run the files of spec-tests/ whose paths have one of these parts, such as rfc6455/5.4

  -g, --grep TEXT                only tests whose names have this text
      --reverse                  the files in reversed order: no test may depend on what ran before
  -j, --jobs N                   how many processes run files of spec-tests/ at a time: twice as many as there are cores, 4
                                 at most, and 1 with a PART or --grep. One process runs all files; otherwise each runs a few,
                                 beside one more for those that mostly wait
  -h, --help                     print this

The last line has the numbers of all suites together. With a PART, --grep or --reverse only spec-tests/ is run, without
coverage. The web-platform-tests run beside it, unless it has one process.`

/** Most processes that run tests at a time by default. More would slow each other down on a small machine. */
const MAX_JOBS = 4

const root = fileURLToPath(new URL('../../..', import.meta.url))

process.exitCode = await main(process.argv.slice(2))

async function main(commandLine: string[]): Promise<number> {
  const chosen = await readCommandLine(commandLine)
  if (typeof chosen === 'number') return chosen
  const folder = await mkdtemp(join(tmpdir(), 'tests-'))
  try {
    leaveAuthoritiesToNpm(process.env, join(folder, 'authorities.pem'))
    const results = await runSuites(chosen, folder)
    console.log(`\n${results.map(describeSuite).join('\n')}\n`)
    const { line, exitCode } = closingLine(results)
    console.log(line)
    return exitCode
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface Choice {
  /** The compiled test files, in the order in which they are run. */
  readonly files: readonly string[]
  readonly jobs: number
  readonly grep: string | undefined
  /** All suites, with coverage. */
  readonly whole: boolean
  /** Prints each test by name. */
  readonly detailed: boolean
}

/** Returns an exit code if there is nothing to run. */
async function readCommandLine(commandLine: string[]): Promise<Choice | number> {
  try {
    const { values, positionals } = parseArgs({
      args: commandLine,
      options: {
        grep: { type: 'string', short: 'g' },
        reverse: { type: 'boolean', default: false },
        jobs: { type: 'string', short: 'j' },
        help: { type: 'boolean', short: 'h' },
      },
      allowPositionals: true,
    })
    if (values.help === true) {
      console.log(usage)
      return 0
    }
    const { grep, reverse } = values
    const detailed = positionals.length > 0 || grep !== undefined
    const files = chooseFiles(await testFiles(), positionals, reverse).map(compiled)
    const jobs = readJobs(values.jobs) ?? (detailed ? 1 : defaultJobs())
    if (jobs > 1 && grep !== undefined)
      throw new Error('Tests that --grep chooses run in one process: leave out --jobs')
    return { files, jobs, grep, whole: !detailed && !reverse, detailed }
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`)
    return 2
  }
}

/** Twice as many as there are cores, since nearly half of the time of a process is waiting for time limits and other processes. */
function defaultJobs(): number {
  return Math.min(availableParallelism() * 2, MAX_JOBS)
}

function readJobs(text: string | undefined): number | undefined {
  if (text !== undefined && !/^[1-9]\d?$/.test(text))
    throw new Error(`--jobs takes a number from 1 to 99, not "${text}"`)
  return text === undefined ? undefined : Number(text)
}

async function runSuites({ files, jobs, grep, whole, detailed }: Choice, folder: string): Promise<SuiteResult[]> {
  const coverage = whole ? join(folder, 'coverage') : undefined
  const spec = runSpecTests({ root, files, jobs, grep, coverage, detailed })
  if (coverage === undefined) return [await spec]
  if (jobs === 1) await spec
  const web = await runWebPlatform(folder, jobs > 1)
  const results = [await spec, ...web]
  results.push(judgeCoverage(root, coverage))
  return results
}

/** @param beside whether something else writes meanwhile, so that its output is printed as a whole */
async function runWebPlatform(folder: string, beside: boolean): Promise<SuiteResult[]> {
  const runner = join(root, 'build/wpt/cli.js')
  if (!existsSync(runner)) return []
  const path = join(folder, 'web-platform-tests.txt')
  const writesTo = beside ? { path } : 'inherit'
  const result = await runWebPlatformTests(runner, join(folder, 'web-platform-tests.json'), { writesTo })
  if (beside) process.stdout.write(`\nweb-platform-tests\n${readFileSync(path, 'utf8')}`)
  return [result]
}

/** The sources of the tests, below the package. What is left in build/ of a source that was removed is no test. */
async function testFiles(): Promise<string[]> {
  const sources = await readdir(join(root, 'spec-tests'), { recursive: true })
  return (
    sources
      .map(source => `spec-tests/${source.replaceAll(sep, '/')}`)
      // Packages that a test has installed may have tests of their own.
      .filter(source => source.endsWith('.test.ts') && !source.includes('/node_modules/'))
  )
}

function compiled(source: string): string {
  return join(root, 'build', source.replace(/\.ts$/, '.js'))
}
