import process from 'node:process'
import type { CloseEvent, Pipe, PipeSink } from '#lib/entry/node.js'
import { peakResident } from '../../scripts/memory/peak.ts'
import { bundledEntry } from '../support/root.ts'
import { type ClientOptions, DONE } from './attack.ts'

// As it is published: in few files. Each attack starts this process, and to load the modules would take most of its CPU time.
const { failure, ping, WebSocket }: typeof import('#lib/entry/node.js') = await import(bundledEntry)
const { connect }: typeof import('#lib/transport/node.js') = await import(
  new URL('../transport/node.js', bundledEntry).href
)

/*
 * The process that is attacked. It opens the connections that it is told to, and reports how each came out and what the
 * process costs. Nothing in it handles errors: whatever is thrown ends it, and the attack has won.
 */

export type Question =
  | { readonly kind: 'connect'; readonly url: string; readonly options: ClientOptions }
  | { readonly kind: 'fine'; readonly url: string }
  | { readonly kind: 'usage' }
  | { readonly kind: 'heap' }

/** How a connection came out. */
export interface Outcome {
  readonly opened: boolean
  readonly messages: number
  /** In the order in which they came, messages left out. */
  readonly events: readonly string[]
  readonly close: number
  readonly wasClean: boolean
  readonly failure: string | undefined
  readonly cause: string | undefined
  /** What the heap held at the first message, where the options ask for that; see Answers. */
  readonly heap: number | undefined
}

export interface Usage {
  /** Microseconds of CPU time, of all threads. */
  readonly cpu: number
  /** The most resident memory there ever was, in bytes; and the present one. */
  readonly peak: number
  readonly resident: number
}

export interface Answers {
  readonly connect: Outcome
  readonly fine: string
  readonly usage: Usage
  /** Bytes on and beside the JavaScript heap, after a collection. */
  readonly heap: number
}

async function answer(question: Question): Promise<Answers[keyof Answers]> {
  switch (question.kind) {
    case 'connect':
      return goThrough(question.url, question.options)
    case 'fine':
      return echo(question.url)
    case 'usage': {
      const { user, system } = process.cpuUsage()
      return { cpu: user + system, peak: peakResident(), resident: process.memoryUsage.rss() }
    }
    case 'heap': {
      global.gc!()
      // What finalizers let go.
      await new Promise(resolve => setImmediate(resolve))
      return heap()
    }
  }
}

function heap(): number {
  global.gc!()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function goThrough(
  url: string,
  { slice, gather, closeOnOpen, heapAtMessage, pingsOnOpen = 0, ...options }: ClientOptions,
): Promise<Outcome> {
  return new Promise(resolve => {
    const cut = slice !== undefined ? inSlices(slice) : gather !== undefined ? inOnePiece(gather) : undefined
    const own = cut === undefined ? {} : { connect: recutting(cut) }
    const socket = new WebSocket(url, { ...options, ...own })
    socket.binaryType = 'arraybuffer'
    const events: string[] = []
    let messages = 0
    let held: number | undefined
    socket.addEventListener('open', () => {
      events.push('open')
      for (let count = 0; count < pingsOnOpen; count++) void ping(socket, String(count))
      if (closeOnOpen === true) socket.close(1000)
    })
    socket.addEventListener('message', ({ data }) => {
      if (heapAtMessage === true) held ??= heap()
      if (data === DONE) socket.close(1000)
      else messages++
    })
    socket.addEventListener('error', () => events.push('error'))
    socket.addEventListener('close', ({ code, wasClean }: CloseEvent) => {
      events.push('close')
      const error = failure(socket)
      const cause = (error?.cause as { code?: string } | undefined)?.code
      // A while later, so that what must not come any more has the time to come.
      setImmediate(() =>
        setImmediate(() =>
          resolve({
            opened: events.includes('open'),
            messages,
            events,
            close: code,
            wasClean,
            failure: error?.code,
            cause,
            heap: held,
          }),
        ),
      )
    })
  })
}

/** A connection as it should be: what is sent comes back. */
function echo(url: string): Promise<string> {
  return new Promise(resolve => {
    const socket = new WebSocket(url)
    let last: unknown
    socket.addEventListener('open', () => {
      socket.send('fine')
      // So much that memory is set up for whoever sends more than a little.
      socket.send(new Uint8Array(512 * 1024))
    })
    socket.addEventListener('message', ({ data }) => {
      last = data
      socket.close(1000)
    })
    socket.addEventListener('close', ({ code }) => resolve(`${last} ${code}`))
  })
}

/** Hands over what arrives in other pieces than it came in. */
type Cut = (bytes: Uint8Array, give: (piece: Uint8Array) => void) => void

function inSlices(size: number): Cut {
  return (bytes, give) => {
    for (let at = 0; at < bytes.length; at += size) give(bytes.subarray(at, at + size))
  }
}

/** The first chunk as it is, then so many bytes at once, then the rest as it comes. */
function inOnePiece(size: number): Cut {
  const piece = new Uint8Array(size)
  let length = -1
  return (bytes, give) => {
    if (length < 0 || length === size) {
      length = Math.max(0, length)
      return give(bytes)
    }
    const taken = Math.min(size - length, bytes.length)
    piece.set(bytes.subarray(0, taken), length)
    length += taken
    if (length === size) give(piece)
    if (taken < bytes.length) give(bytes.subarray(taken))
  }
}

/** The transport of Node.js, its chunks cut anew. */
function recutting(cut: Cut): (target: Parameters<typeof connect>[0]) => Promise<Pipe> {
  return async target => new RecuttingPipe(await connect(target), cut)
}

class RecuttingPipe implements Pipe {
  readonly #pipe: Pipe
  readonly #cut: Cut
  #aborted = false

  constructor(pipe: Pipe, cut: Cut) {
    this.#pipe = pipe
    this.#cut = cut
  }

  get buffered(): number | undefined {
    return this.#pipe.buffered
  }

  start(sink: PipeSink): void {
    this.#pipe.start({
      data: bytes =>
        this.#cut(bytes, piece => {
          if (!this.#aborted) sink.data(piece)
        }),
      drain: () => sink.drain(),
      end: () => sink.end(),
      close: error => sink.close(error),
    })
  }

  write(bytes: Uint8Array, more: boolean): boolean {
    return this.#pipe.write(bytes, more)
  }

  end(): void {
    this.#pipe.end()
  }

  abort(reason?: unknown): void {
    this.#aborted = true
    this.#pipe.abort(reason)
  }

  pause(): void {
    this.#pipe.pause()
  }

  resume(): void {
    this.#pipe.resume()
  }
}

// Only as a process of its own, so that types can be imported from here.
if (process.send !== undefined && process.argv[2] === 'attacked') {
  process.on('message', ({ id, question }: { id: number; question: Question }) => {
    void answer(question).then(result => process.send!({ id, result }))
  })
  process.send('ready')
}
