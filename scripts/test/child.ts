import { spawn } from 'node:child_process'
import process from 'node:process'

/** How a child process ended. */
export interface Ending {
  /** Undefined if a signal ended it. */
  readonly exitCode: number | undefined
  /** Why its results cannot be trusted, as text; undefined if it ended by itself. */
  readonly broken: string | undefined
}

export interface ChildOptions {
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Milliseconds after which it is killed, with all processes that it started. */
  readonly limit: number
  /** Discards its output. By default it writes to the output of this process. */
  readonly silent?: boolean | undefined
}

/** Runs a Node.js program to its end, without input. */
export function runNode(
  commandLine: readonly string[],
  { environment, limit, silent = false }: ChildOptions,
): Promise<Ending> {
  return new Promise((resolve, reject) => {
    // In a process group of its own, so that the processes it started can be killed with it.
    const detached = process.platform !== 'win32'
    const child = spawn(process.execPath, commandLine, {
      stdio: ['ignore', silent ? 'ignore' : 'inherit', silent ? 'ignore' : 'inherit'],
      env: { ...process.env, ...environment },
      detached,
    })
    const kill = (): void => {
      try {
        process.kill(detached ? -child.pid! : child.pid!, 'SIGKILL')
      } catch {
        // It has already ended.
      }
    }
    const interrupt = (): void => {
      kill()
      process.exit(130)
    }
    let late = false
    const timer = setTimeout(() => {
      late = true
      kill()
    }, limit)
    process.once('SIGINT', interrupt)
    process.once('SIGTERM', interrupt)
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      process.off('SIGINT', interrupt)
      process.off('SIGTERM', interrupt)
      const broken = late ? `was ended after ${limit / 1000} s` : signal === null ? undefined : `died of ${signal}`
      resolve({ exitCode: code ?? undefined, broken })
    })
  })
}
