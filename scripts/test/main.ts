import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, sep } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { judgeCoverage } from './coverage.ts'
import { chooseFiles } from './files.ts'
import { runMocha } from './mocha-suite.ts'
import { closingLine, describeSuite, type SuiteResult } from './suite.ts'
import { runWebPlatformTests } from './web-platform-suite.ts'

const usage = `npm test                         run every test
npm test -- [options] [PART...]  run the files of spec-tests/ whose paths have one of these parts, such as rfc6455/5.4

  -g, --grep TEXT                only tests whose names have this text
      --reverse                  the files in reversed order: no test may depend on what ran before
  -h, --help                     print this

The last line has the numbers of all suites together. With a PART, --grep or --reverse only spec-tests/ is run, without
coverage.`

const root = fileURLToPath(new URL('../../..', import.meta.url))

process.exitCode = await main(process.argv.slice(2))

async function main(commandLine: string[]): Promise<number> {
  const chosen = await readCommandLine(commandLine)
  if (typeof chosen === 'number') return chosen
  const folder = await mkdtemp(join(tmpdir(), 'tests-'))
  try {
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
    return { files, grep, whole: !detailed && !reverse, detailed }
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`)
    return 2
  }
}

async function runSuites({ files, grep, whole, detailed }: Choice, folder: string): Promise<SuiteResult[]> {
  const coverage = whole ? join(folder, 'coverage') : undefined
  const results = [await runMocha({ name: 'spec-tests', files, grep, coverage, detailed })]
  if (coverage === undefined) return results
  const runner = join(root, 'build/wpt/cli.js')
  if (existsSync(runner)) results.push(await runWebPlatformTests(runner, join(folder, 'web-platform-tests.json')))
  results.push(judgeCoverage(root, coverage))
  return results
}

/** The sources of the tests, below the package. What is left in build/ of a source that was removed is no test. */
async function testFiles(): Promise<string[]> {
  const sources = await readdir(join(root, 'spec-tests'), { recursive: true })
  return sources
    .filter(source => source.endsWith('.test.ts'))
    .map(source => `spec-tests/${source.replaceAll(sep, '/')}`)
}

function compiled(source: string): string {
  return join(root, 'build', source.replace(/\.ts$/, '.js'))
}
