import { fileURLToPath } from 'node:url'
import { type BuildOptions, build } from 'esbuild'
import { type RunningWorker, startWorkerd, type WorkerOptions } from '../../scripts/runtimes/workerd.ts'
import { root } from './root.ts'
import { ensureRuntime } from './runtimes.ts'

/** A compiled module of the tests with all that it imports, for workerd. */
export function bundleWorker(name: string): Promise<string> {
  return bundle({ entryPoints: [fileURLToPath(new URL(`../hosts/${name}.js`, import.meta.url))] })
}

/** The source of a worker that imports this package by its name, with all of it. */
export function bundleText(contents: string): Promise<string> {
  return bundle({ stdin: { contents, resolveDir: root } })
}

async function bundle(input: BuildOptions): Promise<string> {
  const { outputFiles } = await build({
    ...input,
    bundle: true,
    write: false,
    format: 'esm',
    conditions: ['workerd'],
    external: ['cloudflare:*', 'node:*'],
    logLevel: 'warning',
  })
  return outputFiles![0]!.text
}

/** A worker of the tests, the functions of which are called by requests. */
export interface TestWorker {
  /**
   * Calls a function of the worker in a request of its own.
   *
   * @throws what the function throws, as an Error with the same text
   */
  call(name: string, ...values: unknown[]): Promise<unknown>
  readonly errors: string
  stop(): Promise<void>
}

export async function startWorker(options: WorkerOptions): Promise<TestWorker> {
  const worker: RunningWorker = await startWorkerd(await ensureRuntime('workerd'), options)
  return {
    async call(name, ...values) {
      const answer = await worker.request(`/${name}?${encodeURIComponent(JSON.stringify(values))}`)
      const { result, error } = JSON.parse(answer) as { result?: unknown; error?: string }
      if (error !== undefined) throw new Error(error)
      return result
    },
    get errors() {
      return worker.errors
    },
    stop: worker.stop,
  }
}
