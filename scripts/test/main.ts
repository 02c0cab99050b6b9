import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { judgeCoverage } from './coverage.ts'
import { runMocha } from './mocha-suite.ts'
import { closingLine, describeSuite, type SuiteResult } from './suite.ts'
import { runWebPlatformTests } from './web-platform-suite.ts'

const usage = `npm test                         run every test
npm test -- [options] [FILE...]  run the files of spec-tests/ whose paths have one of these parts

  -g, --grep TEXT                only tests whose names have this text
  -h, --help                     print this

The last line has the sums of all suites. Only a run of every test judges the coverage.`

const root = fileURLToPath(new URL('../../..', import.meta.url))

process.exitCode = await main(process.argv.slice(2))

async function main(commandLine: string[]): Promise<number> {
  const chosen = readCommandLine(commandLine)
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
  readonly parts: readonly string[]
  readonly grep: string | undefined
}

/** Returns an exit code if there is nothing to run. */
function readCommandLine(commandLine: string[]): Choice | number {
  try {
    const { values, positionals } = parseArgs({
      args: commandLine,
      options: { grep: { type: 'string', short: 'g' }, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    })
    if (values.help !== true) return { parts: positionals, grep: values.grep }
    console.log(usage)
    return 0
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`)
    return 2
  }
}

async function runSuites({ parts, grep }: Choice, folder: string): Promise<SuiteResult[]> {
  const whole = parts.length === 0 && grep === undefined
  const files = (await testFiles()).filter(file => parts.length === 0 || parts.some(part => file.includes(part)))
  const coverage = whole ? join(folder, 'coverage') : undefined
  const paths = files.map(file => join(root, file))
  const results = [await runMocha({ name: 'spec-tests', files: paths, grep, coverage, detailed: !whole })]
  if (coverage === undefined) return results
  const runner = join(root, 'build/wpt/cli.js')
  if (existsSync(runner)) results.push(await runWebPlatformTests(runner, join(folder, 'web-platform-tests.json')))
  results.push(judgeCoverage(root, coverage))
  return results
}

/** The compiled tests, found by their sources: build/ may still have tests whose source has been removed. */
async function testFiles(): Promise<string[]> {
  const sources = await readdir(join(root, 'spec-tests'), { recursive: true })
  return sources
    .filter(source => source.endsWith('.test.ts'))
    .map(source => join('build/spec-tests', source.replace(/\.ts$/, '.js')))
    .sort()
}
