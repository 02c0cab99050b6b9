import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runtimeArguments } from '../../wpt/runner/runtimes.ts'
import { findRuntimes, type Runtime } from '../runtimes/runtimes.ts'
import { chooseFiles } from '../test/files.ts'
import type { MochaReport } from '../test/mocha-reporter.ts'
import { notes, partsOf } from './parts.ts'

const usage = `npm run test:all -- [options] [RUNTIME...]    the tests on each runtime that "npm run runtimes" has installed

On Node.js all of npm test, on Bun and Deno the parts of spec-tests that run there, the web-platform-tests and the smoke tests. The
last lines are a table. The exit code is 1 if something fails.

      --part TEXT     only files of spec-tests with this text in their paths
      --deprecations  with --trace-warnings --throw-deprecation --pending-deprecation, in child processes too (Node.js alone)
  -h, --help          print this`

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** No word of warning, and no deprecated API of Node.js. */
const DEPRECATIONS = '--trace-warnings --throw-deprecation --pending-deprecation'

/** A line of the table. */
interface Result {
  readonly runtime: string
  readonly suite: string
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

const { values, positionals } = parseArgs({
  options: {
    part: { type: 'string' },
    deprecations: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h' },
  },
  allowPositionals: true,
})
if (values.help === true) console.log(usage)
else process.exitCode = await main(positionals)

async function main(chosen: readonly string[]): Promise<number> {
  const installed = findRuntimes().filter(({ kind }) => kind !== 'workerd')
  const missing = chosen.filter(wanted => !installed.some(({ name }) => name === wanted))
  const runtimes = installed.filter(({ name }) => chosen.length === 0 || chosen.includes(name))
  if (missing.length > 0 || runtimes.length === 0) {
    console.error(`Not installed: ${missing.join(', ')}. Install with: npm run runtimes -- ${missing.join(' ')}`)
    return 1
  }
  const results: Result[] = []
  for (const runtime of runtimes) {
    console.log(`\n== ${runtime.kind} ${runtime.version}`)
    results.push(...(runtime.kind === 'node' ? [await testNode(runtime)] : await testOther(runtime)))
  }
  console.log(`\n${tableOf(results)}\n\n${notes.join('\n')}`)
  for (const { run, leftOut, reason } of Object.values(partsOf)) {
    console.log(`${run.join(' ')} without ${leftOut.join(' ')}: ${reason}`)
  }
  return results.some(({ passed, failed }) => failed > 0 || passed === 0) ? 1 : 0
}

async function testNode(runtime: Runtime): Promise<Result> {
  const program = join(root, 'build/scripts/test/main.js')
  const parts = values.part === undefined ? [] : [values.part]
  const environment = values.deprecations ? { NODE_OPTIONS: DEPRECATIONS } : {}
  const { output, exitCode } = await run(runtime.executable, [program, ...parts], environment)
  const [, passed, failed, skipped] =
    /^(\d+) passed, (\d+) failed, (\d+) skipped$/.exec(output.trimEnd().split('\n').at(-1)!) ?? []
  const warnings = values.deprecations ? (output.match(/^\(node:\d+\) .*Warning/gm) ?? []).length : 0
  return {
    ...{ runtime: labelOf(runtime), suite: 'tests', passed: Number(passed ?? 0), skipped: Number(skipped ?? 0) },
    failed: Number(failed ?? 0) + warnings + (passed === undefined || (exitCode !== 0 && failed === '0') ? 1 : 0),
  }
}

async function testOther(runtime: Runtime): Promise<Result[]> {
  const folder = await mkdtemp(join(tmpdir(), 'test-all-'))
  try {
    const results = [await testParts(runtime, join(folder, 'mocha.json'))]
    if (values.part !== undefined) return results
    return [...results, await testPorts(runtime, join(folder, 'ports.json')), await testPackage(runtime)]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The files of spec-tests/ that run there, by mocha. */
async function testParts(runtime: Runtime, output: string): Promise<Result> {
  const { run: parts, leftOut } = partsOf[runtime.kind as keyof typeof partsOf]
  const sources = (await readdir(join(root, 'spec-tests'), { recursive: true })).map(file => `spec-tests/${file}`)
  const files = chooseFiles(
    sources.filter(file => file.endsWith('.test.ts')),
    parts,
    false,
  )
    .filter(file => !leftOut.some(part => file.includes(part)) && file.includes(values.part ?? ''))
    .map(file => join(root, 'build', file.replace(/\.ts$/, '.js')))
  const mocha = createRequire(import.meta.url).resolve('mocha/bin/mocha.js')
  const reporter = fileURLToPath(new URL('../test/mocha-reporter.js', import.meta.url))
  const reporterOptions = `output=${output},grace=10000,detailed=no`
  const options = ['--timeout', '60000', '--reporter', reporter, '--reporter-option', reporterOptions, '--exit']
  await run(runtime.executable, [...argumentsOf(runtime), mocha, ...options, ...files])
  const report = await readJson<MochaReport>(output)
  return {
    ...{ runtime: labelOf(runtime), suite: 'tests', passed: report?.passed ?? 0, skipped: report?.skipped ?? 0 },
    failed: (report?.failed ?? 0) + (report?.finished === true ? 0 : 1),
  }
}

/** What is read here of the report of the web-platform-tests. */
interface PortsReport {
  readonly results: readonly { readonly subtests: readonly { readonly status: string }[] }[]
  readonly verdicts: readonly { readonly kind: string }[]
  readonly notRun: readonly unknown[]
}

async function testPorts(runtime: Runtime, output: string): Promise<Result> {
  const program = join(root, 'build/wpt/cli.js')
  await run(process.execPath, [program, '--impl', 'ours', '--runtime', runtime.executable, '--json', output])
  const { results, verdicts, notRun } = (await readJson<PortsReport>(output)) ?? {
    results: [],
    verdicts: [],
    notRun: [],
  }
  const expected = verdicts.filter(({ kind }) => kind === 'expected failure').length
  return {
    ...{ runtime: labelOf(runtime), suite: 'ports', skipped: expected + notRun.length },
    passed: results.flatMap(({ subtests }) => subtests).filter(({ status }) => status === 'PASS').length,
    failed: verdicts.length - expected,
  }
}

async function testPackage(runtime: Runtime): Promise<Result> {
  const program = join(root, 'build/scripts/smoke/main.js')
  const { output, exitCode } = await run(process.execPath, [program, runtime.name])
  const count = (word: string): number => (output.match(new RegExp(`^ *${word}\\b`, 'gm')) ?? []).length
  const failed = count('FAIL')
  return {
    ...{ runtime: labelOf(runtime), suite: 'smoke', passed: count('ok'), skipped: 0 },
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
  }
}

function argumentsOf({ kind }: Runtime): readonly string[] {
  if (kind === 'workerd') throw new Error('workerd runs no programs')
  return runtimeArguments(kind, '').filter(flag => !flag.startsWith('--location'))
}

function labelOf({ kind, version }: Runtime): string {
  return `${kind} ${version}`
}

/** Runs a program, shows what it prints, and returns that. */
function run(
  executable: string,
  commandLine: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ output: string; exitCode: number | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(executable, commandLine, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    })
    let output = ''
    for (const [stream, target] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ] as const) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
        target.write(text)
      })
    }
    child.once('error', reject)
    child.once('close', exitCode => resolve({ output, exitCode }))
  })
}

async function readJson<Value>(path: string): Promise<Value | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Value
  } catch {
    return undefined
  }
}

function tableOf(results: readonly Result[]): string {
  const rows = results.map(({ runtime, suite, passed, failed, skipped }) => [runtime, suite, passed, failed, skipped])
  const cells = [['runtime', 'suite', 'passed', 'failed', 'skipped'], ...rows.map(row => row.map(String))]
  return cells.map(([first, ...rest]) => [first!.padEnd(14), ...rest.map(cell => cell.padStart(8))].join('')).join('\n')
}
