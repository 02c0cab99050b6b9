import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
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
  /**
   * Where its output goes: to that of this process by default, nowhere, or to a new file with this path. It is no pipe,
   * which processes that outlive the program would hold open.
   */
  readonly output?: 'inherit' | 'ignore' | { readonly path: string } | undefined
}

/** Runs a Node.js program to its end, without input. */
export function runNode(
  commandLine: readonly string[],
  { environment, limit, output = 'inherit' }: ChildOptions,
): Promise<Ending> {
  return new Promise((resolve, reject) => {
    const writesTo = typeof output === 'string' ? output : openSync(output.path, 'a')
    // In a process group of its own, so that the processes it started can be killed with it.
    const detached = process.platform !== 'win32'
    const child = spawn(process.execPath, commandLine, {
      stdio: ['ignore', writesTo, writesTo],
      env: { ...process.env, ...environment },
      detached,
    })
    if (typeof writesTo === 'number') closeSync(writesTo)
    const kill = (): void => {
      try {
        process.kill(detached ? -child.pid! : child.pid!, 'SIGKILL')
      } catch {
        // It has already ended.
      }
    }
    let late = false
    const timer = setTimeout(() => {
      late = true
      kill()
    }, limit)
    // More than one child may run: each is killed by a listener of its own.
    process.on('exit', kill)
    process.on('SIGINT', interrupt)
    process.on('SIGTERM', interrupt)
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      process.off('exit', kill)
      process.off('SIGINT', interrupt)
      process.off('SIGTERM', interrupt)
      const broken = late ? `was ended after ${limit / 1000} s` : signal === null ? undefined : `died of ${signal}`
      resolve({ exitCode: code ?? undefined, broken })
    })
  })
}

function interrupt(): void {
  process.exit(130)
}
