import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { after } from 'mocha'
import { type Ended, runProgram } from '../support/child.ts'
import { root } from '../support/root.ts'
import { makeFolder } from '../support/temporary-folder.ts'

/** The command as it is in the package, or one that is installed elsewhere. */
export const program = process.env.CLI_PROGRAM ?? join(root, 'build/cli/whatwg-websocket.js')

/** What runs it: this Node.js, or the words of a variable, such as `deno run -A`. */
export const runtime: readonly string[] = process.env.CLI_RUNTIME?.split(' ') ?? [process.execPath]

let home: string | undefined

/** Variables for a command that shall not find those of the person who runs the tests, nor their files. */
export function environment(): Record<string, string | undefined> {
  home ??= makeFolder()
  const colours = { NO_COLOR: undefined, FORCE_COLOR: undefined, CI: undefined }
  return { ...colours, NODE_V8_COVERAGE: undefined, HOME: home, USERPROFILE: home, XDG_STATE_HOME: join(home, 'state') }
}

export interface RunOptions {
  readonly input?: string
  readonly folder?: string
}

/** Runs the command in a pipe, to its end. */
export function run(words: readonly string[], { input = '', ...options }: RunOptions = {}): Promise<Ended> {
  const [file, ...before] = runtime
  return runProgram(file!, [...before, program, ...words], {
    input,
    environment: environment(),
    ...options,
  })
}

/** The command while it runs, in a pipe. */
export class Running {
  readonly child: ChildProcessWithoutNullStreams
  readonly ended: Promise<number | null>
  output = ''
  errors = ''
  readonly #waiting = new Set<() => void>()

  constructor(words: readonly string[], folder: string = root) {
    const env = Object.fromEntries(
      Object.entries({ ...process.env, ...environment() }).filter(([, value]) => value !== undefined),
    )
    const [file, ...before] = runtime
    this.child = spawn(file!, [...before, program, ...words], { cwd: folder, env, stdio: 'pipe' })
    running.add(this)
    this.child.stdin.on('error', () => {})
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.output += text
      this.#wake()
    })
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text
      this.#wake()
    })
    this.ended = new Promise(resolve => {
      this.child.once('close', code => {
        running.delete(this)
        this.#wake()
        resolve(code)
      })
    })
  }

  /** Waits until the output, or what it wrote to standard error, matches. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.output) ?? pattern.exec(this.errors)
      if (match !== null) return match
      if (!running.has(this)) throw new Error(`It ended without ${pattern}:\n${this.output}\n${this.errors}`)
      await new Promise<void>(resolve => this.#waiting.add(resolve))
    }
  }

  write(text: string): void {
    this.child.stdin.write(text)
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }
}

const running = new Set<Running>()

/** To be called within a `describe`: what its tests have started ends with it. */
export function useCommand(): void {
  after(async () => {
    for (const command of [...running]) {
      command.child.kill('SIGKILL')
      await command.ended
    }
  })
}

/** Starts `whatwg-websocket listen` on a free port. */
export async function startListening(words: readonly string[] = []): Promise<{ url: string; server: Running }> {
  const server = new Running(['listen', '0', ...words])
  const [, url] = await server.until(/listening on (\S+)/)
  return { url: url!, server }
}

/** Ends a server as Ctrl+C does; returns its exit code. */
export async function interrupt(server: Running): Promise<number | null> {
  server.child.kill('SIGINT')
  return await server.ended
}
