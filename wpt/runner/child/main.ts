/**
 * The process of one test file: in worker scope it starts a worker thread for the test, so that the implementation loads and runs
 * there. Its only argument is a `Job` as JSON.
 */
import process from 'node:process'
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import { loadClasses } from './classes.ts'
import { define, installGlobalScope, installLocation } from './environment.ts'
import { installHostNames } from './host-names.ts'
import type { Job } from './job.ts'
import { Record } from './record.ts'

if (isMainThread) {
  const job = JSON.parse(process.argv[2]!) as Job
  if (job.scope === 'worker') runInWorker(job)
  else await run(job)
} else {
  await run(workerData as Job)
}

function runInWorker(job: Job): void {
  const worker = new Worker(new URL(import.meta.url), { workerData: job })
  worker.on('error', error => new Record(job.results).end('CRASH', String(error)))
  worker.on('exit', () => process.exit(0))
}

/** Loads what its suite takes and no more: this runs for every file of a run, so it is most of what a run costs. */
async function run(job: Job): Promise<void> {
  const record = new Record(job.results)
  try {
    installHostNames()
    installLocation(job.location)
    const classes = await loadClasses(job.classes)
    for (const [name, value] of Object.entries(classes)) define(name, value)
    if (job.test.suite === 'upstream') {
      installGlobalScope()
      const { runUpstreamTest } = await import('./upstream-harness.ts')
      return await runUpstreamTest(job, record)
    }
    process.on('uncaughtException', error => record.end('ERROR', describe(error)))
    process.on('unhandledRejection', reason => record.end('ERROR', describe(reason)))
    const { runPort } = await import('./port-suite.ts')
    const { ports } = await import('../../all-ports.ts')
    await runPort(ports.find(port => port.upstream === job.test.file)!, job, classes, record)
  } catch (error) {
    record.end('ERROR', describe(error))
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
