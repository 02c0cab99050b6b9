import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

/* Tries the command of the package in a runtime: as a filter, as a server, and in a pseudo-terminal. */

/** Milliseconds until something has to be seen. */
const LIMIT = 60_000

type Check = (start: Start, url: string, folder: string) => Promise<void>

/** Starts the command with these words. */
type Start = (words: readonly string[], inTerminal?: boolean) => Running

const checks: Readonly<Record<string, Check>> = {
  async 'command: filter'(start, url) {
    const running = start(['--json', '--count', '2', url])
    running.child.stdin.end('one\ntwö')
    await running.ends(0)
    const messages = running.written
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as { data: string })
    equal(
      messages.map(({ data }) => data),
      ['one', 'twö'],
    )
  },
  async 'command: frames with -vv'(start, url) {
    const running = start(['-vv', '--count', '1', '--compress', 'off', url])
    running.child.stdin.end('hello')
    await running.ends(0)
    for (const wanted of ['> GET / HTTP/1.1', 'text FIN MASK 5 bytes', 'close FIN 2 bytes: 1000 normal']) {
      if (!running.errors.includes(wanted)) throw new Error(`no ${wanted} in ${running.errors}`)
    }
  },
  async 'command: usage and failure'(start) {
    const wrong = start(['--nonesuch', 'ws://127.0.0.1/'])
    wrong.child.stdin.end()
    await wrong.ends(2)
    const lost = start(['ws://127.0.0.1:1/'])
    lost.child.stdin.end()
    await lost.ends(1)
  },
  async 'command: listen, and a program'(start) {
    const server = start(['listen', '0', '--', 'sh', '-c', 'while read line; do echo "<$line>"; done'])
    const [, url] = await server.until(/listening on (\S+)/)
    const client = start(['--count', '1', url!])
    client.child.stdin.end('line')
    await client.ends(0)
    equal(client.written, '<line>\n')
    server.child.kill('SIGINT')
    await server.ends(0)
  },
  async 'command: record and replay'(start, url, folder) {
    const record = join(folder, 'record.jsonl')
    const recording = start(['--record', record, '--count', '1', url])
    recording.child.stdin.end('again')
    await recording.ends(0)
    equal(readFileSync(record, 'utf8').split('\n').length, 5)
    const replaying = start(['replay', '--check', record, url])
    replaying.child.stdin.end()
    await replaying.ends(0)
  },
  async 'command: bench'(start, url) {
    const running = start(['bench', '--json', '-n', '2', '-m', '20', url])
    running.child.stdin.end()
    await running.ends(0)
    equal((JSON.parse(running.written) as { messages: number }).messages, 40)
  },
  async 'command: terminal'(start, url) {
    // The arguments of `script` are those of Linux.
    if (process.platform !== 'linux') return
    const running = start([url], true)
    await running.until(/Ctrl\+D closes/)
    running.child.stdin.write('hello\r')
    await running.until(/< hello/)
    running.child.stdin.write('\x1b[200~{"a":1,\n"b":2}\x1b[201~\r')
    await running.until(/< \{"a": 1, "b": 2\}/)
    running.child.stdin.write('/pi')
    await running.until(/\/pi/)
    running.child.stdin.write('\t')
    await running.until(/\/ping /)
    running.child.stdin.write('\r')
    await running.until(/pong after/)
    running.child.stdin.write('\x04')
    await running.ends(0)
  },
}

/**
 * Prints a line for each check.
 *
 * @param commandLine the runtime, and its flags
 * @param file the command
 * @param url of an echo server
 * @returns the number of failures
 */
export async function smokeCommand(commandLine: readonly string[], file: string, url: string): Promise<number> {
  let failures = 0
  for (const [name, check] of Object.entries(checks)) {
    const folder = mkdtempSync(join(tmpdir(), 'smoke-command-'))
    const started: Running[] = []
    const start: Start = (words, inTerminal = false) => {
      const running = new Running([...commandLine, file, ...words], inTerminal, folder)
      started.push(running)
      return running
    }
    try {
      await check(start, url, folder)
      console.log(`  ok    ${name}`)
    } catch (error) {
      failures++
      console.log(`  FAIL  ${name}: ${(error as Error).message}`)
    } finally {
      for (const { child } of started) child.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    }
  }
  return failures
}

class Running {
  readonly child: ChildProcessWithoutNullStreams
  written = ''
  errors = ''
  #exitCode: Promise<number | null>
  #wake: () => void = () => {}

  constructor(words: readonly string[], inTerminal: boolean, home: string) {
    const env = { ...process.env, HOME: home, XDG_STATE_HOME: home, NO_COLOR: '1', TERM: 'xterm' }
    const quoted = words.map(word => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
    const [file, ...rest] = inTerminal ? ['script', '-qfec', quoted, '/dev/null'] : words
    this.child = spawn(file!, rest, { cwd: home, env, stdio: 'pipe' })
    this.child.stdin.on('error', () => {})
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.written += text
      this.#wake()
    })
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text
      this.#wake()
    })
    this.#exitCode = new Promise((resolve, reject) => {
      this.child.once('error', reject)
      this.child.once('close', resolve)
    })
    this.#exitCode.catch(() => {})
  }

  async until(pattern: RegExp): Promise<RegExpExecArray> {
    const deadline = Date.now() + LIMIT
    for (;;) {
      const match = pattern.exec(this.written) ?? pattern.exec(this.errors)
      if (match !== null) return match
      if (Date.now() > deadline) throw new Error(`no ${pattern} in ${JSON.stringify(this.written + this.errors)}`)
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, 1000)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  async ends(wanted: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<string>(resolve => {
      timer = setTimeout(() => resolve('no end'), LIMIT)
    })
    const how = await Promise.race([this.#exitCode, late])
    clearTimeout(timer)
    if (how !== wanted) throw new Error(`${how} in place of exit code ${wanted}: ${this.written}${this.errors}`)
  }
}

function equal(actual: unknown, wanted: unknown): void {
  if (JSON.stringify(actual) !== JSON.stringify(wanted)) {
    throw new Error(`${JSON.stringify(actual)} instead of ${JSON.stringify(wanted)}`)
  }
}
