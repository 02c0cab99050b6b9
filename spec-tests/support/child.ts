import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { createInterface, type Interface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
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
export function runNode(commandLine: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return runProgram(process.execPath, commandLine, options)
}

/** Runs a program with a command line, to its end. */
export async function runProgram(
  file: string,
  commandLine: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  const { input = '', folder = root, environment = {}, limit = 60_000 } = options
  const child = spawn(file, commandLine, {
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
 *
 * @param flags of Node.js
 */
export async function runModule(
  source: string,
  args: readonly string[] = [],
  flags: readonly string[] = [],
): Promise<ModuleEnded> {
  const commandLine = [...flags, '--input-type=module', '--eval', source, '--', ...args]
  const { output, ...ended } = await runNode(commandLine)
  return { ...ended, lines: output.split('\n').filter(line => line !== '') }
}

/** A program that runs, with its lines to talk to it. It has to end when its input ends. */
export class RunningProgram {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #lines: AsyncIterator<string>
  readonly #output: Interface
  /** The signal or the exit code with which it ended. */
  readonly ended: Promise<string | number | null>

  constructor(file: string, commandLine: readonly string[], environment: NodeJS.ProcessEnv = process.env) {
    this.#child = spawn(file, commandLine, { cwd: root, env: environment, stdio: ['pipe', 'pipe', 'inherit'] })
    this.#child.stdin.on('error', () => {})
    this.#output = createInterface(this.#child.stdout)
    this.#lines = this.#output[Symbol.asyncIterator]()
    this.ended = new Promise(resolve => this.#child.once('close', (code, signal) => resolve(signal ?? code)))
  }

  write(line: string): void {
    this.#child.stdin.write(`${line}\n`)
  }

  /** The next line that it wrote; undefined if it has ended. */
  async line(): Promise<string | undefined> {
    const { done, value } = await this.#lines.next()
    return done === true ? undefined : value
  }

  /** Stops the process, as the sleep of a laptop does, until `wake`. Not on Windows. */
  stop(): void {
    this.#child.kill('SIGSTOP')
  }

  wake(): void {
    this.#child.kill('SIGCONT')
  }

  async end(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended
    this.#output.close()
  }
}

/** An ES module that runs in a process of its own, as `runModule` runs it. */
export class RunningModule extends RunningProgram {
  constructor(source: string, args: readonly string[] = []) {
    super(process.execPath, ['--input-type=module', '--eval', source, '--', ...args])
  }
}
