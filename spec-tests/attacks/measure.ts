import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type RawPeer, type RawServer, startRawServer, TEXT } from '../support/raw-server.ts'
import { type Attack, type ClientClose, conclude, type Expectation, type Step } from './attack.ts'
import type { Answers, Outcome, Question, Usage } from './client.ts'
import { type Http2Front, startHttp2Front } from './http2-front.ts'

/** What an attack did to a client. */
export interface Measurement {
  readonly attack: Attack
  /** Microseconds of CPU time for the amount, and for four times the amount. */
  readonly cpu: readonly [small: number, large: number]
  /** By how many bytes resident memory grew at its worst. */
  readonly growth: number
  /** By how many bytes the heap had grown in the middle of it, where the attack has had that looked at. */
  readonly held: number | undefined
  /** How connections ended, each way once, for the table. */
  readonly endings: readonly string[]
  /** What was not as it must be. */
  readonly problems: readonly string[]
}

/** Less CPU time than this, in microseconds, says nothing: what a process does beside. */
const NOISE = 10_000
/** Linear work takes 4 times as long for 4 times as much, quadratic work 16 times. */
const LINEAR = 8
const CONSTANT = 3
/** So often a run that seems too slow is measured again: collections and other processes only ever add time. */
const ATTEMPTS = 3
/** No attack takes so long, in milliseconds, unless it hangs the client. */
const LIMIT = 60_000
/**
 * The V8 options of the process that is attacked. The young generation is kept small, since what it grows to before a
 * collection is V8's choice and differs between versions: with the default of Node.js 26 the same garbage took 40 to
 * 50 MiB of resident memory, with 8 MiB a half-space 29 to 34.
 */
const V8_OPTIONS = ['--expose-gc', '--max-semi-space-size=8']
const MIB = 1024 * 1024

/** What runs the client. */
export interface AttackedRuntime {
  readonly program: string
  readonly flags: readonly string[]
  /** MiB of resident memory that an attack may take beside its limit, and of the heap beside `held`: limits are those of Node.js. */
  readonly garbage: { readonly resident: number; readonly held: number }
  /** Whether the server is reached over HTTP/2. */
  readonly http2?: true
}

const NODE: AttackedRuntime = { program: process.execPath, flags: V8_OPTIONS, garbage: { resident: 0, held: 0 } }
const OTHER_GARBAGE = { resident: 64, held: 16 }

/** @param program that of Bun or Deno */
export function otherRuntime(kind: 'bun' | 'deno', program: string): AttackedRuntime {
  const flags =
    kind === 'bun' ? ['--expose-gc'] : ['run', '--allow-all', '--quiet', `--v8-flags=${V8_OPTIONS.join(',')}`]
  return { program, flags, garbage: OTHER_GARBAGE }
}

/**
 * The client in Node.js, attacked over HTTP/2. There node:http2 makes a new buffer for each frame that arrives, 16 KiB or less: those
 * of two young generations are garbage before V8 collects.
 */
export const OVER_HTTP2: AttackedRuntime = { ...NODE, http2: true, garbage: { resident: 32, held: 2 } }

/** Carries an attack out. */
export async function measure(attack: Attack, runtime: AttackedRuntime = NODE): Promise<Measurement> {
  const client = await AttackedClient.start(runtime)
  const fine = await startRawServer(serveWell)
  const endings = new Set<string>()
  const found = new Set<string>()
  try {
    const arena = await Arena.open(attack, client, runtime.http2)
    try {
      const run = (amount: number): Promise<number> => arena.run(attack.steps(amount), endings, found)
      // What any connection needs is there before anything counts.
      const check = async (what: string): Promise<void> => {
        const echoed = await client.ask({ kind: 'fine', url: fine.url })
        if (echoed !== 'fine 1000') found.add(`the ${what} connection was not fine: ${echoed}`)
      }
      await check('first')
      const before = await client.usage()
      // Once before CPU time counts, so that code is compiled.
      await run(attack.amount)
      let small = await run(attack.amount)
      let large = await run(attack.amount * 4)
      for (let attempt = 1; attempt < ATTEMPTS && !isInBounds(attack, small, large); attempt++) {
        small = Math.min(small, await run(attack.amount))
        large = Math.min(large, await run(attack.amount * 4))
      }
      const after = await client.usage()
      await check('next')
      const growth = Math.max(0, after.peak - before.resident)
      if (!isInBounds(attack, small, large)) {
        found.add(`CPU time is not ${attack.work}: ${small} us, and ${large} us for four times as much`)
      }
      const { garbage } = runtime
      if (growth > (attack.memory.limit + garbage.resident) * MIB) found.add(`resident memory grew by ${growth} bytes`)
      const { held } = arena
      const mostHeld = attack.memory.held && (attack.memory.held + garbage.held) * MIB
      if (mostHeld !== undefined && !(held !== undefined && held <= mostHeld)) {
        found.add(`the heap held ${held} bytes more in the middle of it`)
      }
      return { attack, cpu: [small, large], growth, held, endings: [...endings], problems: [...found] }
    } finally {
      await arena.close()
    }
  } finally {
    await client.stop()
    await fine.close()
  }
}

function isInBounds({ work }: Attack, small: number, large: number): boolean {
  return large <= Math.max(small, NOISE) * (work === 'linear' ? LINEAR : CONSTANT)
}

/** The hostile server, and what it plays next. */
class Arena {
  readonly #client: AttackedClient
  #server!: RawServer
  #front: Http2Front | undefined
  #playing: { target: string; step: Step; seen(close: ClientClose): void; broken(error: unknown): void } | undefined
  /** Connections so far. Each has a path of its own. */
  #count = 0
  #heapBefore: number | undefined
  held: number | undefined

  static async open(attack: Attack, client: AttackedClient, overHttp2 = false): Promise<Arena> {
    const arena = new Arena(client)
    const tls = await attack.tls?.()
    arena.#server = await startRawServer(peer => arena.#serve(peer), tls === undefined ? {} : { tls })
    if (overHttp2) arena.#front = await startHttp2Front(Number(new URL(arena.#server.url).port))
    return arena
  }

  constructor(client: AttackedClient) {
    this.#client = client
  }

  /** Returns microseconds of CPU time. */
  async run(steps: readonly Step[], endings: Set<string>, problems: Set<string>): Promise<number> {
    this.#heapBefore = await this.#client.ask({ kind: 'heap' })
    const before = await this.#client.usage()
    for (const step of steps) {
      const path = `${this.#count++}`
      const wire = new Promise<ClientClose>((seen, broken) => {
        this.#playing = { target: `/${path}`, step, seen, broken }
      })
      wire.catch(() => {})
      // Should it open although it must not, it closes at once: then that is what is reported.
      const options = step.expect.opened === false ? { ...step.options, closeOnOpen: true } : (step.options ?? {})
      const { url } = this.#front ?? this.#server
      const way = this.#front === undefined ? {} : ({ http2: 'only' } as const)
      const outcome = await this.#client.ask({ kind: 'connect', url: url + path, options: { ...options, ...way } })
      if (outcome.heap !== undefined) this.#hold(outcome.heap)
      // Nobody is served whose handshake never got so far.
      const seen = step.expect.opened === false && this.#playing !== undefined ? 'nothing' : await wire
      endings.add(describe(outcome, seen))
      for (const problem of compare(step.expect, outcome, seen)) problems.add(problem)
    }
    return (await this.#client.usage()).cpu - before.cpu
  }

  async close(): Promise<void> {
    await this.#front?.close()
    await this.#server.close()
  }

  #hold(heap: number): void {
    this.held = Math.max(this.held ?? 0, heap - this.#heapBefore!)
  }

  async #serve(peer: RawPeer): Promise<void> {
    // On a busy machine the client may have given a connection up before the server reads its request.
    if (peer.request.target !== this.#playing?.target) return peer.destroy()
    const { step, seen, broken } = this.#playing
    this.#playing = undefined
    try {
      seen(await step.serve(peer, { heap: async () => this.#hold(await this.#client.ask({ kind: 'heap' })) }))
    } catch (error) {
      broken(error)
    } finally {
      peer.destroy()
    }
  }
}

function describe({ close, failure, cause }: Outcome, wire: ClientClose): string {
  const why = failure === undefined ? '' : ` ${failure}${cause === undefined ? '' : ` (${cause})`}`
  const sent = wire === 'nothing' ? 'no Close frame' : `Close ${wire}`
  return `${sent}, event ${close}${why}`
}

function compare(expect: Expectation, outcome: Outcome, wire: ClientClose): string[] {
  const problems: string[] = []
  const check = (what: string, actual: unknown, expected: unknown): void => {
    if (actual !== expected) problems.push(`${what} is ${actual} instead of ${expected}`)
  }
  const opened = expect.opened ?? true
  check('the close code on the wire', wire, expect.wire)
  check('the code of the close event', outcome.close, expect.close)
  check('the failure', outcome.failure, expect.failure)
  if (expect.cause !== undefined) check('the cause', outcome.cause, expect.cause)
  if (expect.messages !== undefined) check('the number of messages', outcome.messages, expect.messages)
  const events = [...(opened ? ['open'] : []), ...(expect.failure === undefined ? [] : ['error']), 'close']
  check('the order of events', outcome.events.join(), events.join())
  check('wasClean', outcome.wasClean, expect.failure === undefined)
  return problems
}

/** The server of the next connection. */
async function serveWell(peer: RawPeer): Promise<void> {
  await peer.accept()
  const { text } = await peer.readFrame()
  await peer.readFrame()
  await peer.send(TEXT, text)
  await conclude(peer)
}

/** The process that is attacked, seen from here. */
class AttackedClient {
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, { resolve(result: never): void; reject(error: Error): void }>()
  readonly #deadline: ReturnType<typeof setTimeout>
  /** How the process ended, once all that it has written is there. */
  readonly #ended: Promise<number | string>
  #nextId = 0
  #errors = ''

  static async start({ program, flags }: AttackedRuntime): Promise<AttackedClient> {
    const file = fileURLToPath(new URL('./client.js', import.meta.url))
    const child = fork(file, ['attacked'], {
      execPath: program,
      execArgv: [...flags],
      // Without the parent's coverage: it would count as the client's memory and time.
      env: { ...process.env, NODE_V8_COVERAGE: undefined },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    const client = new AttackedClient(child)
    await Promise.race([once(child, 'message'), client.#diesFirst()])
    return client
  }

  constructor(child: ChildProcess) {
    this.#process = child
    this.#deadline = setTimeout(() => child.kill('SIGKILL'), LIMIT)
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text
    })
    child.on('message', message => {
      if (typeof message !== 'object') return
      const { id, result } = message as { id: number; result: never }
      this.#waiting.get(id)?.resolve(result)
      this.#waiting.delete(id)
    })
    // Not "close", which does not come where there is a channel.
    const exited = new Promise<number | string>(resolve => {
      child.once('exit', (code, signal) => resolve(signal ?? code!))
    })
    this.#ended = Promise.all([exited, once(child.stderr!, 'close')]).then(([how]) => how)
    this.#diesFirst().catch((error: Error) => {
      for (const { reject } of this.#waiting.values()) reject(error)
      this.#waiting.clear()
    })
  }

  ask<Asked extends Question>(question: Asked): Promise<Answers[Asked['kind']]> {
    return new Promise((resolve, reject) => {
      const id = this.#nextId++
      this.#waiting.set(id, { resolve, reject })
      this.#process.send({ id, question }, error => {
        if (error !== null) reject(error)
      })
    })
  }

  usage(): Promise<Usage> {
    return this.ask({ kind: 'usage' })
  }

  /** Ends the process, which must be alive and silent. */
  async stop(): Promise<void> {
    clearTimeout(this.#deadline)
    if (this.#process.connected) this.#process.disconnect()
    const how = await this.#ended
    if (how !== 0 || this.#errors !== '') throw new Error(`The client's process ended with ${how}: ${this.#errors}`)
  }

  async #diesFirst(): Promise<never> {
    const how = await this.#ended
    throw new Error(`The client's process ended with ${how}: ${this.#errors}`)
  }
}
