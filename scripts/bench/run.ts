/** Runs scenarios with targets: each measurement is a process of its own, and the targets of a scenario take turns. */
import { fork, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { authority } from '../../wpt/server/certificate.ts'
import type { Failure, Measurement } from './measuring.ts'
import { duration, type Progress } from './progress.ts'
import type { Row } from './results.ts'
import { isPaidOnce, type Scenario, warmUpOf } from './scenarios.ts'
import { canRun, type Target } from './targets.ts'

/** Seconds that a measurement typically takes: at full scale, with hardly any message, of idle connections. For the estimate. */
const TYPICAL_TIME = { all: 1.8, none: 0.2, idle: 6 }

export interface Plan {
  readonly root: string
  readonly scenarios: readonly Scenario[]
  readonly targets: readonly Target[]
  readonly rounds: number
  /** Factor for the number of messages, in the client and in the server. */
  readonly scale: string
  readonly commit: string
  /** Milliseconds after which a measurement counts as hanging and is killed. */
  readonly maxTime: number
  /** When this aborts, the run leaves out what is not measured yet. */
  readonly stop: AbortSignal
  readonly progress: Progress
}

interface Server {
  readonly ports: readonly number[]
  /** The path of a PEM file with the certificate authority of the server. */
  readonly authority: string
  /** Microseconds of CPU that the server has used so far. */
  used(): Promise<number>
  stop(): void
}

/** Runs the plan. A failed measurement does not stop it: the failure is recorded in the row. */
export async function run(plan: Plan): Promise<Row[]> {
  const rows: Row[] = []
  const pairs = plan.scenarios.flatMap(scenario =>
    plan.targets
      .filter(target => canRun(target, scenario))
      .map(target => {
        const row = { scenario: scenario.name, target: target.name, commit: plan.commit, runs: [], failures: [] }
        rows.push(row)
        return { scenario, target, row: row as Row }
      }),
  )
  const total = pairs.length * plan.rounds
  const full = pairs.reduce((sum, { scenario: { kind } }) => sum + TYPICAL_TIME[kind === 'idle' ? 'idle' : 'all'], 0)
  const expected = TYPICAL_TIME.none * total + full * plan.rounds * Math.min(1, Number(plan.scale))
  plan.progress.tell(`${total} measurements, which may take ${duration(expected)}.`)
  const server = await startServer(plan)
  const start = performance.now()
  let done = 0
  all: for (let round = 1; round <= plan.rounds; round++) {
    for (const { scenario, target, row } of pairs) {
      const left = done === 0 ? expected : ((performance.now() - start) / 1000 / done) * (total - done)
      if (plan.stop.aborted) {
        plan.progress.tell(`${total - done} measurements are left out.`)
        break all
      }
      // A target that failed in this scenario would fail again.
      if (row.failures.length === 0) {
        plan.progress.at(`${done + 1} of ${total}, round ${round}, ${duration(left)} left`, scenario.name, target.name)
        const before = await server.used()
        const found = await measure(plan, scenario, target, server)
        const used = (await server.used()) - before
        if (found === undefined) continue
        if ('failure' in found) row.failures.push(found)
        else row.runs.push({ ...found, server: used / (warmUpOf(scenario) + scenario.count) })
        if ('failure' in found && found.failure !== 'unsupported')
          plan.progress.tell(`  ${target.name}: ${found.message}`)
      }
      done++
    }
  }
  plan.progress.tell(`That took ${duration((performance.now() - start) / 1000)}.`)
  server.stop()
  return rows
}

async function startServer({ root, scale }: Plan): Promise<Server> {
  const child = fork(join(root, 'build', 'scripts', 'bench', 'server.js'), {
    env: { ...process.env, NODE_V8_COVERAGE: undefined, BENCH_SCALE: scale },
  })
  const ports = await new Promise<number[]>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => reject(new Error(`the server ended with ${code}`)))
    child.once('message', message => resolve(message as number[]))
  })
  const folder = mkdtempSync(join(tmpdir(), 'websocket-bench-'))
  const file = join(folder, 'authority.pem')
  writeFileSync(file, authority)
  return {
    ports,
    authority: file,
    used: () =>
      new Promise(resolve => {
        child.once('message', used => resolve(used as number))
        child.send('used')
      }),
    stop() {
      child.kill()
      rmSync(folder, { recursive: true })
    },
  }
}

/** Runs one measurement. Undefined if it was interrupted: Ctrl-C in a terminal also ends the client process. */
function measure(
  plan: Plan,
  scenario: Scenario,
  target: Target,
  server: Server,
): Promise<Measurement | Failure | undefined> {
  const [command, ...before] = target.runtime.command
  const client = isPaidOnce(scenario.kind) ? 'fresh-client.js' : 'client.js'
  const script = join(plan.root, 'build', 'scripts', 'bench', client)
  const ports = server.ports.map(String)
  const child = spawn(
    command!,
    [...before, script, target.implementation, target.module ?? '-', scenario.name, ...ports],
    {
      env: {
        ...process.env,
        NODE_V8_COVERAGE: undefined,
        BENCH_SCALE: plan.scale,
        NO_COLOR: '1',
        // Node.js and Bun; Deno.
        NODE_EXTRA_CA_CERTS: server.authority,
        DENO_CERT: server.authority,
        ...target.environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: plan.maxTime,
    },
  )
  let output = ''
  let errors = ''
  child.stdout.on('data', chunk => {
    output += chunk
  })
  child.stderr.on('data', chunk => {
    errors = (errors + chunk).slice(-1000)
  })
  return new Promise(resolve => {
    const fail = (message: string): void => resolve({ failure: 'failed', message })
    child.once('error', error => fail(String(error)))
    child.once('close', (code, signal) => {
      if (signal === 'SIGINT') return resolve(undefined)
      try {
        resolve(JSON.parse(output) as Measurement | Failure)
      } catch {
        const end = signal === null ? `ended with ${code}` : `was still not done after ${plan.maxTime / 1000} s`
        fail([end, ...errors.trim().split('\n').slice(-3)].join(': ').trim())
      }
    })
  })
}
