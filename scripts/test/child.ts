import { spawn } from 'node:child_process'
import process from 'node:process'

/** How a child process ended. */
export interface Ending {
  /** Undefined where a signal ended it. */
  readonly exitCode: number | undefined
  /** A reason that its results cannot be trusted, in words; undefined if it ended by itself. */
  readonly broken: string | undefined
}

export interface ChildOptions {
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Milliseconds after which it is ended, with all the processes that it started. */
  readonly limit: number
  /** Throws away what it writes. Default: it writes where we do. */
  readonly silent?: boolean | undefined
}

/** Runs a Node.js program, without input, to its end. */
export function runNode(
  commandLine: readonly string[],
  { environment, limit, silent = false }: ChildOptions,
): Promise<Ending> {
  return new Promise((resolve, reject) => {
    // A process group of its own, so that what it started can be ended with it.
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
        // It ended in the meantime.
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
