/**
 * The test process. Its only argument is a list of `Job`s as JSON, which have the same scope, classes and location. In worker
 * scope it starts a worker thread, in which the implementation is loaded and the jobs run.
 */
import process from 'node:process'
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import type { Implementation } from '../../port.ts'
import { loadClasses } from './classes.ts'
import { define, installGlobalScope, installLocation } from './environment.ts'
import { installHostNames } from './host-names.ts'
import type { Job } from './job.ts'
import { Record } from './record.ts'

if (isMainThread) {
  const jobs = JSON.parse(process.argv[2]!) as Job[]
  if (jobs[0]!.scope === 'worker') runInWorker(jobs)
  else await run(jobs)
} else {
  await run(workerData as Job[])
}

function runInWorker(jobs: readonly Job[]): void {
  const worker = new Worker(new URL(import.meta.url), { workerData: jobs })
  worker.on('error', error => {
    // The runner sees by the results which file was not finished.
    console.error(error)
    process.exit(1)
  })
  worker.on('exit', () => process.exit(0))
}

/** Runs the jobs. Loads only what their suite needs, because loading is most of the cost of a run. */
async function run(jobs: readonly Job[]): Promise<void> {
  const [first] = jobs as [Job]
  let record = new Record(first.results)
  try {
    installHostNames()
    installLocation(first.location)
    const classes = await loadClasses(first.classes, first.variant)
    for (const [name, value] of Object.entries(classes)) define(name, value)
    if (first.test.suite === 'upstream') {
      await runUpstream(first, record)
      return process.exit(0)
    }
    process.on('uncaughtException', error => record.giveUp(describe(error)))
    process.on('unhandledRejection', reason => record.giveUp(describe(reason)))
    for (const job of jobs) {
      if (job !== first) record = new Record(job.results)
      await runPorted(job, classes, record)
      // The runner gives the remaining files to a new process.
      if (record.hangs) break
    }
    process.exit(0)
  } catch (error) {
    record.giveUp(describe(error))
  }
}

async function runUpstream(job: Job, record: Record): Promise<void> {
  installGlobalScope()
  const { runUpstreamTest } = await import('./upstream-harness.ts')
  await runUpstreamTest(job, record)
  await record.ended
}

async function runPorted(job: Job, classes: Implementation, record: Record): Promise<void> {
  const { runPort } = await import('./port-suite.ts')
  const { ports } = await import('../../all-ports.ts')
  await runPort(ports.find(port => port.upstream === job.test.file)!, job, classes, record)
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
