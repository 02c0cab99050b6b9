import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process'
import { existsSync, watch } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Job } from './child/job.ts'
import { type FileResult, type FileStatus, type ReportLine, resultOf, type Subject } from './results.ts'
import { type Runtime, runtimeArguments } from './runtimes.ts'

const entry = fileURLToPath(new URL('child/main.js', import.meta.url))

/** Milliseconds that a process gets beyond its own time limit, to start, load and report. */
const grace = 10_000

const running = new Set<ChildProcess>()
// Test processes that hang are killed when the runner ends.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Characters of the output of a process that are kept for a message. */
const maximumOutput = 2000

/** A job without the path for its results. */
export type Task = Omit<Job, 'results'>

/**
 * Runs test files one after another in a process. It is killed if it reports nothing for the time limit of the longest test (and
 * the time to start). If it hangs or crashes, a new process continues with the next file.
 *
 * @param tasks files of one scope, which share their location; `step` hears each result
 */
export async function runInProcess(
  tasks: readonly Task[],
  runtime: Runtime,
  subject: Subject,
  environment: NodeJS.ProcessEnv,
  step: (result: FileResult) => void,
): Promise<void> {
  let rest = tasks
  while (rest.length > 0) {
    const results = await runTogether(rest, runtime, subject, environment)
    for (const result of results) step(result)
    rest = rest.slice(results.length)
  }
}

/** Runs the tasks in one process. Returns the results of those that it began, at least of the first one. */
async function runTogether(
  tasks: readonly Task[],
  runtime: Runtime,
  subject: Subject,
  environment: NodeJS.ProcessEnv,
): Promise<FileResult[]> {
  const folder = await mkdtemp(join(tmpdir(), 'wpt-'))
  try {
    const jobs = tasks.map((task, index): Job => ({ ...task, results: join(folder, `${index}.jsonl`) }))
    const commandLine = [...runtimeArguments(runtime.kind, jobs[0]!.location), entry, JSON.stringify(jobs)]
    const start = performance.now()
    const child = spawn(runtime.executable, commandLine, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
    const limit = Math.max(...tasks.map(({ milliseconds }) => milliseconds))
    const silence = await untilItEnds(child, folder, limit + grace)
    const results: FileResult[] = []
    for (const [index, job] of jobs.entries()) {
      // The process did not begin this file. The first one gets a result anyway, so that a process that cannot start is reported.
      if (index > 0 && !existsSync(job.results)) break
      results.push(resultOf(job.test, subject, await readLines(job.results), silence, start))
    }
    return results
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The status of a file that reported no end. Restarts the time limit whenever something changes in `folder`. */
function untilItEnds(
  child: ChildProcessByStdio<null, Readable, Readable>,
  folder: string,
  limit: number,
): Promise<{ status: FileStatus; message: string }> {
  return new Promise((resolve, reject) => {
    running.add(child)
    let output = ''
    let killed = false
    const collect = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(0, maximumOutput)
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    const timer = setTimeout(() => {
      killed = true
      child.kill('SIGKILL')
    }, limit)
    const watcher = watch(folder, () => timer.refresh())
    const settle = () => {
      clearTimeout(timer)
      watcher.close()
      running.delete(child)
    }
    child.on('error', error => {
      settle()
      reject(error)
    })
    child.on('close', (code, signal) => {
      settle()
      const exit = signal === null ? `the process ended with ${code}` : `the process ended by ${signal}`
      if (killed) resolve({ status: 'TIMEOUT', message: `killed after ${limit} ms of silence\n${output}`.trim() })
      else resolve({ status: 'CRASH', message: `${exit}\n${output}`.trim() })
    })
  })
}

/** Reads the complete lines. A process that was killed may have written a part of the last one. */
async function readLines(path: string): Promise<ReportLine[]> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return text
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line) as ReportLine)
}

/**
 * The environment of test processes: that of this process, with the test authority trusted and without proxies.
 * Deno reads `DENO_CERT`, the others `NODE_EXTRA_CA_CERTS`.
 */
export function testEnvironment(authorityPath: string): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = {
    ...process.env,
    NODE_EXTRA_CA_CERTS: authorityPath,
    DENO_CERT: authorityPath,
  }
  for (const name of Object.keys(environment)) {
    if (/^(https?|all)_proxy$/i.test(name)) delete environment[name]
  }
  return environment
}
