import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { ServerStream } from '../../spec-tests/fuzz/server-stream.ts'
import { short } from '../../spec-tests/support/frame-recorder.ts'
import { installDebianPackages } from '../ensure-chromium/debian.ts'
import { PYTHON } from '../servers/python.ts'

/** A response to a handshake, and what it answers. */
export interface Response {
  readonly head: Uint8Array
  readonly key: string
  readonly protocols: readonly string[]
  readonly deflate: boolean
}

/** It is in the source folder, since it is not compiled to build/. */
const reader = fileURLToPath(new URL('../../../scripts/fuzz/programs/wsproto-reader.py', import.meta.url))

/** wsproto, an implementation that has no code in common with ours or with that of ws, in a process of its own. */
export class Wsproto {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #answers: AsyncIterator<string>

  /** Undefined where there is no wsproto, and Debian's cannot be installed. */
  static start(): Wsproto | undefined {
    const isThere = (): boolean => spawnSync(PYTHON, ['-c', 'import wsproto']).status === 0
    if (!isThere()) installDebianPackages(['python3-wsproto'])
    return isThere() ? new Wsproto() : undefined
  }

  private constructor() {
    this.#child = spawn(PYTHON, [reader], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#answers = createInterface(this.#child.stdout)[Symbol.asyncIterator]()
  }

  /** The stream as lines: `text hello`, `binary 00ff`, `close 1000 bye`, `fail 1002`. */
  async read({ bytes, deflate }: ServerStream): Promise<string[]> {
    const lines = (await this.#ask({ bytes: bytes.toString('hex'), deflate: deflate ?? null })) as string[]
    return lines.map(line => {
      const space = line.indexOf(' ')
      const name = line.slice(0, space)
      return name === 'text' || name === 'binary' ? `${name} ${short(line.slice(space + 1))}` : line
    })
  }

  /** Whether the response opens the connection, and with what. */
  async shakeHands({ head, ...rest }: Response): Promise<readonly [outcome: 'open' | 'fail', ...details: unknown[]]> {
    const question = { ...rest, head: Buffer.from(head).toString('hex') }
    return (await this.#ask(question)) as ['open' | 'fail', ...unknown[]]
  }

  close(): void {
    this.#child.stdin.end()
  }

  async #ask(question: unknown): Promise<unknown> {
    this.#child.stdin.write(`${JSON.stringify(question)}\n`)
    const { value, done } = await this.#answers.next()
    if (done === true) throw new Error('wsproto has ended')
    return JSON.parse(value)
  }
}
