import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PageWorld } from '../../spec-tests/browser/page-world.ts'
import { runtimeArguments } from '../../wpt/runner/runtimes.ts'
import type { Runtime } from '../runtimes/runtimes.ts'
import type { Classes } from './client.ts'
import type { Job, Scenario } from './scenario.ts'
import { type ScenarioServer, startScenarioServer } from './server.ts'

/** What one client and its server have logged in a scenario. */
export interface Logs {
  readonly client: readonly string[]
  readonly server: readonly string[]
}

/** Runs the clients of jobs, and gives their logs by name. */
type RunClients = (jobs: readonly Job[], parallel: number) => Promise<ReadonlyMap<string, readonly string[]>>

/** Scenarios at a time. They wait for each other's turns of the event loop, and few of them for a clock. */
const PARALLEL = 24
/** Servers at a time. */
const BATCH = 200

/** The logs of all scenarios with these clients, by the name of the scenario. */
export async function record(scenarios: readonly Scenario[], run: RunClients): Promise<Map<string, Logs>> {
  const all = new Map<string, Logs>()
  for (let start = 0; start < scenarios.length; start += BATCH) {
    const batch = scenarios.slice(start, start + BATCH)
    const servers = new Map<string, ScenarioServer>()
    for (const { name, server } of batch) servers.set(name, await startScenarioServer(server))
    try {
      const jobs = batch.map(({ name, client }): Job => ({ name, client, url: servers.get(name)!.url }))
      const logs = await run(jobs, PARALLEL)
      await settled(servers)
      for (const { name } of batch) {
        all.set(name, { client: logs.get(name) ?? ['no log'], server: [...servers.get(name)!.log] })
      }
    } finally {
      for (const server of servers.values()) await server.close()
    }
  }
  return all
}

/** Waits until the servers log nothing more: the end of a connection reaches a server after its client is done. */
async function settled(servers: ReadonlyMap<string, ScenarioServer>): Promise<void> {
  const count = (): number => [...servers.values()].reduce((sum, { log }) => sum + log.length, 0)
  for (let last = -1; last !== count(); ) {
    last = count()
    await new Promise(resolve => setTimeout(resolve, 300))
  }
}

/** The clients of this package, in a runtime. */
export function inRuntime({ kind, executable }: Runtime): RunClients {
  return async (jobs, parallel) => {
    const folder = await mkdtemp(join(tmpdir(), 'chromium-'))
    try {
      const [input, output] = [join(folder, 'jobs.json'), join(folder, 'logs.json')]
      await writeFile(input, JSON.stringify(jobs.map(({ name, url }) => [name, url])))
      const program = fileURLToPath(new URL('child.js', import.meta.url))
      const flags = kind === 'workerd' ? [] : runtimeArguments(kind, 'http://localhost/').filter(isNoLocation)
      await runProgram(executable, [...flags, program, input, output, String(parallel)])
      return new Map(JSON.parse(await readFile(output, 'utf8')) as [string, string[]][])
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
}

/** Without a location, as a program of Deno usually is. */
function isNoLocation(flag: string): boolean {
  return !flag.startsWith('--location')
}

function runProgram(executable: string, commandLine: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(executable, commandLine, { stdio: ['ignore', 'inherit', 'inherit'] })
    child.once('error', reject)
    child.once('close', (code, signal) => {
      if (code === 0) resolve()
      else reject(new Error(`${executable} ended with ${signal ?? `code ${code}`}`))
    })
  })
}

/** Chromium, and its own clients. */
export class ChromiumSubject {
  readonly #world: PageWorld

  static async open(): Promise<ChromiumSubject> {
    const world = await PageWorld.open()
    world.serve('/client.js', await readFile(new URL('client.js', import.meta.url), 'utf8'))
    return new ChromiumSubject(world)
  }

  private constructor(world: PageWorld) {
    this.#world = world
  }

  get version(): string {
    return this.#world.browser.version()
  }

  readonly run: RunClients = async (jobs, parallel) => {
    const page = await this.#world.page()
    try {
      // As text: TypeScript rewrites an import that it sees.
      await page.evaluate("import('/client.js').then(({ runJobs }) => void (globalThis.runJobs = runJobs))")
      const logs = await page.evaluate(
        ({ jobs, parallel }) => {
          const { runJobs, WebSocket, WebSocketStream } = globalThis as never as Classes & {
            runJobs: typeof import('./client.ts').runJobs
          }
          return runJobs(jobs, { WebSocket, WebSocketStream }, parallel)
        },
        { jobs, parallel },
      )
      return new Map(jobs.map(({ name }, index) => [name, logs[index]!]))
    } finally {
      await page.close()
    }
  }

  close(): Promise<void> {
    return this.#world.close()
  }
}
