import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { root } from './root.ts'

/** How a process ended, and what it wrote. */
export interface Ended {
  /** Undefined if a signal ended it, such as ours when its time was over. */
  readonly exitCode: number | undefined
  readonly output: string
  readonly errors: string
}

export interface RunOptions {
  /** What it can read. Default: nothing. */
  readonly input?: string
  /** Default: the folder of the package. */
  readonly folder?: string
  /** Variables that differ from those of this process; undefined leaves one out. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Milliseconds until it is ended; only so that a test that fails does end. */
  readonly limit?: number
}

/** Runs Node.js with a command line, to its end. */
export async function runNode(commandLine: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const { input = '', folder = root, environment = {}, limit = 60_000 } = options
  const child = spawn(process.execPath, commandLine, {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: 'pipe',
    timeout: limit,
    killSignal: 'SIGKILL',
  })
  // One that ends without reading it is judged by how it ends.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const ended = new Promise<number | undefined>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => resolve(code ?? undefined))
  })
  const [output, errors, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { exitCode, output, errors }
}

export interface ModuleEnded extends Omit<Ended, 'output'> {
  /** What it wrote, line by line. */
  readonly lines: string[]
}

/**
 * Runs an ES module in a process of its own. It can import "#lib/..." and packages, and gets the arguments in
 * `process.argv` from index 1 on.
 */
export async function runModule(source: string, args: readonly string[] = []): Promise<ModuleEnded> {
  const commandLine = ['--input-type=module', '--eval', source, '--', ...args]
  const { output, ...ended } = await runNode(commandLine, { limit: 15_000 })
  return { ...ended, lines: output.split('\n').filter(line => line !== '') }
}
