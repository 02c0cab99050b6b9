/** Runs a port in a browser: in the page that loads this, or in a worker of it. Its classes are the browser's own. */
import { ports } from '../../all-ports.ts'
import type { FileStatus, Recorder, SubtestResult } from '../results.ts'
import { loadClasses } from './classes.ts'
import type { Job } from './job.ts'
import { runPort } from './port-suite.ts'

/** The results of a file, all at once. */
export interface PageReport {
  readonly status: FileStatus
  readonly message?: string | undefined
  readonly subtests: readonly SubtestResult[]
}

/** As much of the browser as this uses. */
interface Scope {
  /** Of the page: what the runner listens to. */
  reportResults(report: PageReport): void
  /** Of the worker. */
  postMessage(report: PageReport): void
  onmessage: ((event: { readonly data: Job }) => void) | null
  readonly Worker: new (address: string, options: { readonly type: 'module' }) => WorkerHandle
}

interface WorkerHandle {
  onmessage: (event: { readonly data: PageReport }) => void
  onerror: (event: { readonly message?: string }) => void
  postMessage(job: Job): void
}

const scope = globalThis as unknown as Scope

/** For the page: runs the port of `job`, in a worker when the job says so, and tells the runner. */
export async function runInPage(job: Job): Promise<void> {
  if (job.scope === 'window') return scope.reportResults(await run(job))
  // A worker made of the page's own bytes belongs to the same network as the page, whatever its modules come from.
  const source = `import { runInWorker } from '${import.meta.url}'\nrunInWorker()`
  const address = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }))
  const worker = new scope.Worker(address, { type: 'module' })
  worker.onmessage = ({ data }) => scope.reportResults(data)
  worker.onerror = ({ message }) => scope.reportResults({ status: 'ERROR', message, subtests: [] })
  worker.postMessage(job)
}

/** For the worker: runs the port of the first message, and answers with the results. */
export function runInWorker(): void {
  scope.onmessage = async ({ data }) => scope.postMessage(await run(data))
}

async function run(job: Job): Promise<PageReport> {
  const subtests: SubtestResult[] = []
  const report = new Promise<PageReport>(resolve => {
    const recorder: Recorder = {
      subtest: subtest => void subtests.push(subtest),
      end: (status, message) => resolve({ status, message, subtests }),
    }
    const start = async () => {
      const port = ports.find(port => port.upstream === job.test.file)!
      await runPort(port, job, await loadClasses(undefined), recorder)
    }
    start().catch(error => recorder.end('ERROR', String(error)))
  })
  return await report
}
