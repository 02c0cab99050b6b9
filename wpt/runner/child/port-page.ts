/**
 * Runs a port in a browser, in the page that loads this module or in a worker of it. Tests the browser's own classes, or those of
 * this package in a browser that has neither WebSocketStream nor WebSocketError.
 */
import { ports } from '../../all-ports.ts'
import type { Recorder, ReportLine } from '../results.ts'
import { loadClasses } from './classes.ts'
import type { Job } from './job.ts'
import { pageLocation } from './page.ts'
import { runPort } from './port-suite.ts'

/** The parts of a browser's global scope that are used here. */
interface Scope {
  /** In the page: sends a line to the runner. */
  reportLine(line: ReportLine): void
  /** In the worker: sends a line to the page. */
  postMessage(line: ReportLine): void
  onmessage: ((event: { readonly data: Job }) => void) | null
  readonly Worker: new (address: URL, options: { readonly type: 'module' }) => WorkerHandle
}

interface WorkerHandle {
  onmessage: (event: { readonly data: ReportLine }) => void
  onerror: (event: { readonly message?: string }) => void
  postMessage(job: Job): void
}

const scope = globalThis as unknown as Scope

/** Called in the page: runs the port of `job`, in a worker if the job says so, and reports to the runner. */
export function runInPage(job: Job): void {
  const report = (line: ReportLine) => scope.reportLine(line)
  if (job.scope === 'window') return run(job, report)
  const worker = new scope.Worker(new URL('port-worker.js', import.meta.url), { type: 'module' })
  worker.onmessage = ({ data }) => report(data)
  worker.onerror = ({ message = 'the worker did not start' }) => report({ end: 'ERROR', message })
  worker.postMessage(job)
}

/** Called in the worker: runs the port of the first message, and answers with the results. */
export function runInWorker(): void {
  scope.onmessage = ({ data }) => run(data, line => scope.postMessage(line))
}

/** Makes this browser one that lacks the classes, before the library is loaded, which would take those of the browser. */
function hideStreams(): void {
  for (const name of ['WebSocketStream', 'WebSocketError']) Reflect.deleteProperty(globalThis, name)
}

/** Milliseconds between two lines that say that a page or its worker runs. */
const beat = 1000

function run(job: Job, report: (line: ReportLine) => void): void {
  report({ alive: true })
  const timer = setInterval(() => report({ alive: true }), beat)
  const recorder: Recorder = {
    subtest: subtest => report({ subtest }),
    end: (end, message) => {
      clearInterval(timer)
      report(message === undefined ? { end } : { end, message })
    },
  }
  const start = async () => {
    const port = ports.find(port => port.upstream === job.test.file)!
    // In a worker, `location` is the address of its script.
    const here = { ...job, location: pageLocation().href }
    if (job.classes !== undefined) hideStreams()
    await runPort(port, here, await loadClasses(job.classes), recorder)
  }
  start().catch(error => recorder.end('ERROR', String(error)))
}
