/**
 * npm run bench: compares this package with its peers.
 *
 * Each measurement is a process of its own, and all targets of a scenario take turns, so that a machine that changes
 * its mind about its speed changes it for all. What is judged is the least CPU time per message of several rounds: noise
 * only ever adds.
 */
import { execFileSync, fork, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { cpus, release, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Measurement } from './client.ts'
import { charts, markdown, type Row, table } from './report.ts'
import { type Scenario, scenarios } from './scenarios.ts'
import { canRun, findRuntimes, type Target, targetsOn } from './targets.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')
const HELP = `npm run bench -- [options] [scenario...]

A scenario is named by a part of its name. Without any, all are run.

  --quick            a few scenarios, one round, a tenth of the messages: ends within 2 minutes
  --rounds N         how often each target runs each scenario (default 5)
  --target NAME      only targets with this part in their name, such as "node 26" or "ours" *
  --json FILE        writes the figures as JSON
  --docs DIR         writes performance.md and its charts there
  --list             prints scenarios and targets
  --help             prints this

* may be given more than once`

/** A measurement takes seconds; one that takes this long, in milliseconds, hangs. */
const MAX_TIME = 120_000

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean' },
    rounds: { type: 'string' },
    target: { type: 'string', multiple: true },
    json: { type: 'string' },
    docs: { type: 'string' },
    list: { type: 'boolean' },
    help: { type: 'boolean' },
  },
})

if (values.help) {
  console.log(HELP)
  process.exit()
}

const rounds = values.quick ? 1 : Number(values.rounds ?? 5)
const chosen = scenarios.filter(
  scenario =>
    (!values.quick || scenario.quick) &&
    (positionals.length === 0 || positionals.some(part => scenario.name.includes(part))),
)
const targets = targetsOn(findRuntimes(), root).filter(
  ({ name }) => values.target === undefined || values.target.some(part => name.includes(part)),
)
if (!Number.isInteger(rounds) || rounds < 1) exit('--rounds is not a number of rounds')
if (chosen.length === 0) exit('there is no such scenario; --list prints them')
if (targets.length === 0) exit('there is no such target; --list prints them')
if (values.list) {
  console.log(`${scenarios.map(({ name }) => name).join('\n')}\n\n${targets.map(({ name }) => name).join('\n')}`)
  process.exit()
}

installPeers()
const rows = await run()
console.log(table(rows))
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ machine: machine(), rows }, null, 2)}\n`)
if (values.docs !== undefined) {
  mkdirSync(join(values.docs, 'charts'), { recursive: true })
  for (const { name, svg } of charts(rows)) writeFileSync(join(values.docs, 'charts', `${name}.svg`), svg)
  writeFileSync(join(values.docs, 'performance.md'), markdown(rows, machine()))
}
process.exit()

function exit(message: string): never {
  console.error(message)
  process.exit(2)
}

/** The peers live in a package of their own, so that nobody else has to install them. */
function installPeers(): void {
  const folder = join(root, 'scripts', 'bench')
  if (existsSync(join(folder, 'node_modules', 'ws'))) return
  console.error('Installing the peers to compare with ...')
  execFileSync('npm', ['install', '--no-package-lock'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
}

async function run(): Promise<Row[]> {
  const server = await startServer()
  const result: Row[] = chosen.flatMap(scenario =>
    targets
      .filter(target => canRun(target, scenario))
      .map(target => ({ scenario: scenario.name, target: target.name, best: {}, runs: [] })),
  )
  let done = 0
  const all = result.length * rounds
  for (let round = 1; round <= rounds; round++) {
    for (const row of result) {
      const scenario = chosen.find(({ name }) => name === row.scenario)!
      const target = targets.find(({ name }) => name === row.target)!
      progress(`${++done} of ${all}: round ${round}, ${scenario.name}, ${target.name}`)
      const measurement = await measure(scenario, target, server)
      row.runs.push(measurement)
      for (const [figure, value] of Object.entries(measurement) as [keyof Measurement, number][]) {
        row.best[figure] = Math.min(row.best[figure] ?? Number.POSITIVE_INFINITY, value)
      }
    }
  }
  progress('')
  server.stop()
  return result
}

interface Server {
  readonly ports: readonly number[]
  readonly certificateFile: string
  stop(): void
}

function startServer(): Promise<Server> {
  const child = fork(join(root, 'build', 'scripts', 'bench', 'server.js'), { env: environment({}) })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => reject(new Error(`the server ended with ${code}`)))
    child.once('message', message => {
      const { ports, certificate } = message as { ports: number[]; certificate: string }
      const certificateFile = join(mkdtempSync(join(tmpdir(), 'websocket-bench-')), 'certificate.pem')
      writeFileSync(certificateFile, certificate)
      resolve({ ports, certificateFile, stop: () => child.kill() })
    })
  })
}

function measure(scenario: Scenario, target: Target, server: Server): Promise<Measurement> {
  const [command, ...before] = target.runtime.command
  const script = join(root, 'build', 'scripts', 'bench', 'client.js')
  const [port, securePort] = server.ports
  const child = spawn(
    command!,
    [...before, script, target.implementation, target.module ?? '-', scenario.name, String(port), String(securePort)],
    {
      env: environment({ ...target.environment, NODE_EXTRA_CA_CERTS: server.certificateFile }),
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: MAX_TIME,
    },
  )
  let output = ''
  child.stdout.on('data', chunk => {
    output += chunk
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => {
      if (code === 0 && output !== '') resolve(JSON.parse(output) as Measurement)
      else reject(new Error(`${target.name} failed at ${scenario.name} (exit code ${code})`))
    })
  })
}

/** How many of the counted messages are sent is the same in all three processes. */
function environment(more: Record<string, string>): NodeJS.ProcessEnv {
  return { ...process.env, BENCH_SCALE: values.quick ? '0.1' : '1', ...more }
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
}

function machine(): string {
  const processor = cpus()
  return `${processor.length} x ${processor[0]?.model ?? 'unknown processor'}, ${process.platform} ${release()}`
}
