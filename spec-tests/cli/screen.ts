import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import xterm from '@xterm/headless'
import { after } from 'mocha'
import { root } from '../support/root.ts'
import { makeFolder } from '../support/temporary-folder.ts'
import { environment, program, runtime } from './command.ts'

export interface ScreenOptions {
  readonly columns?: number
  readonly folder?: string
  readonly environment?: Readonly<Record<string, string>>
  /** A shell with job control starts the command, prints "stopped" when it is stopped, and takes it to the foreground again. */
  readonly jobControl?: boolean
  /** The terminal breaks the line of the cursor anew when its width changes, as most do; others cut it off. */
  readonly reflows?: boolean
}

/** Milliseconds in which the screen has to show what a test waits for; only so that a test that fails tells what it shows. */
const LIMIT = 45_000

/** Keys as a terminal sends them. */
export const keys = {
  enter: '\r',
  tab: '\t',
  up: '\x1b[A',
  left: '\x1b[D',
  altEnter: '\x1b\r',
  ctrlC: '\x03',
  ctrlD: '\x04',
  ctrlZ: '\x1a',
  paste: (text: string) => `\x1b[200~${text}\x1b[201~`,
}

/**
 * The command in a pseudo-terminal, which the program `script` of the system makes, and the screen as a terminal emulator shows
 * what it wrote. What was started is ended after all tests.
 */
export class Screen {
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>
  /** Everything that was written, with its control sequences. */
  written = ''
  readonly #child: ChildProcessWithoutNullStreams
  readonly #terminal: xterm.Terminal
  /** The file that has the name of the pseudo-terminal. */
  readonly #device = join(makeFolder(), 'tty')
  readonly #waiting = new Set<() => void>()
  readonly #reflows: boolean
  #isOver = false

  constructor(words: readonly string[], options: ScreenOptions = {}) {
    const { columns = 80, folder = root, jobControl = false, reflows = false } = options
    const start = jobControl ? 'set -m; "$@"; echo stopped; fg' : 'exec "$@"'
    const shell = [
      `tty > ${quote(this.#device)}; stty cols ${columns} rows 24; ${start}`,
      'sh',
      ...runtime,
      program,
      ...words,
    ]
    const command = ['sh', '-c', ...shell]
    const commandLine =
      process.platform === 'linux'
        ? ['-qfec', command.map(quote).join(' '), '/dev/null']
        : ['-q', '/dev/null', ...command]
    const variables = { ...process.env, ...environment(), TERM: 'xterm-256color', ...options.environment }
    const env = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined))
    this.#reflows = reflows
    this.#terminal = new xterm.Terminal({
      cols: columns,
      rows: 24,
      scrollback: 1000,
      allowProposedApi: true,
      reflowCursorLine: reflows,
    })
    // Its answers to questions, such as where the cursor is.
    this.#terminal.onData(answer => this.type(answer))
    this.#child = spawn('script', commandLine, { cwd: folder, env, stdio: 'pipe' })
    screens.add(this)
    this.#child.stdin.on('error', () => {})
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.written += text
      this.#terminal.write(text, () => this.#wake())
    })
    this.ended = new Promise(resolve => {
      this.#child.once('close', code => {
        screens.delete(this)
        this.#isOver = true
        this.#terminal.write('', () => {
          this.#wake()
          resolve(code)
        })
      })
    })
  }

  /** All lines, without spaces at their ends. Those that have left the screen are among them. */
  get lines(): string[] {
    const { active } = this.#terminal.buffer
    const lines = Array.from({ length: active.length }, (_, y) => active.getLine(y)!.translateToString(true).trimEnd())
    return lines.slice(0, lines.findLastIndex(line => line !== '') + 1)
  }

  get text(): string {
    return this.lines.join('\n')
  }

  get #lastLine(): string {
    return this.lines.at(-1) ?? ''
  }

  type(text: string): void {
    this.#child.stdin.write(text)
  }

  /** Types a line, and Enter. */
  enter(line: string): void {
    this.type(line + keys.enter)
  }

  /**
   * Gives the terminal another width, and then tells the command, as a terminal does. All that was written before is shown by then.
   * Where lines are broken anew, a cursor at the end of the last line stays there, as in other terminals; this one would leave it in
   * its column.
   */
  async resize(columns: number): Promise<void> {
    await new Promise<void>(resolve => this.#terminal.write('', resolve))
    this.#terminal.resize(columns, 24)
    if (this.#reflows) this.#terminal.write(`\x1b[${this.#lastLine.length + 1}G`)
    const device = readFileSync(this.#device, 'utf8').trim()
    execFileSync('stty', [process.platform === 'linux' ? '-F' : '-f', device, 'cols', String(columns)])
  }

  /** Waits until the screen matches. */
  until(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#until(pattern, () => this.text)
  }

  /** Waits until what was written matches, with its control sequences. */
  untilWritten(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#until(pattern, () => this.written)
  }

  async #until(pattern: RegExp, read: () => string): Promise<RegExpExecArray> {
    const deadline = performance.now() + LIMIT
    for (;;) {
      const match = pattern.exec(read())
      if (match !== null) return match
      if (this.#isOver) throw new Error(`It ended without ${pattern}:\n${this.text}`)
      if (performance.now() > deadline) throw new Error(`The screen does not become ${pattern}:\n${this.text}`)
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, LIMIT)
        this.#waiting.add(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }

  async end(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }
}

const screens = new Set<Screen>()

/** To be called within a `describe`: what its tests have started ends with it. */
export function useScreens(): void {
  after(async () => {
    for (const screen of [...screens]) await screen.end()
  })
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}
