import { spawn } from 'node:child_process'
import process from 'node:process'

/** How a child process ended. */
export interface Ending {
  /** Undefined where a signal ended it. */
  readonly exitCode: number | undefined
  /** A reason that its results cannot be trusted, in words; undefined if it ended by itself. */
  readonly broken: string | undefined
}

/**
 * Runs a Node.js program with our own output, and ends it, with all the processes that it started, when it takes too
 * long.
 *
 * @param limit milliseconds
 */
export function runNode(
  commandLine: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  limit: number,
): Promise<Ending> {
  return new Promise((resolve, reject) => {
    // A process group of its own, so that what it started can be ended with it.
    const detached = process.platform !== 'win32'
    const child = spawn(process.execPath, commandLine, {
      stdio: ['ignore', 'inherit', 'inherit'],
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
