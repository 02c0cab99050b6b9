import { type ConnectionError, failure, terminate, WebSocket, type WebSocketOptions } from '#lib/entry/node.js'

export interface BenchOptions {
  readonly url: string
  readonly socket: WebSocketOptions
  readonly connections: number
  /** Messages that each connection sends; ignored with a duration. */
  readonly messages: number
  /** Milliseconds to send for. */
  readonly duration: number | undefined
  /** Bytes of a message. */
  readonly size: number
  readonly binary: boolean
  /** Messages of a connection that wait for their answers at the same time. */
  readonly inFlight: number
  /** Milliseconds without an answer after which the server counts as silent. */
  readonly patience: number
}

/** What was measured. Times are in milliseconds. */
export interface BenchResult {
  /** Connections that opened, and the time until then of each. */
  readonly opened: readonly number[]
  /** Time of each message from its sending to its answer. */
  readonly latencies: Float64Array
  /** From the first message to the last answer. */
  readonly elapsed: number
  readonly failures: ReadonlyMap<string, number>
}

export interface BenchProgress {
  readonly phase: 'opening' | 'messages'
  /** From 0 to 1. */
  readonly done: number
  readonly answers: number
}

/** Opens connections to an echo server, and sends messages on all of them. Ends early if `signal` is aborted. */
export async function measure(
  options: BenchOptions,
  signal: AbortSignal,
  progress: (now: BenchProgress) => void,
): Promise<BenchResult> {
  const failures = new Map<string, number>()
  const fail = (reason: string): void => {
    failures.set(reason, (failures.get(reason) ?? 0) + 1)
  }
  const sockets: WebSocket[] = []
  const opened: number[] = []
  await Promise.all(
    Array.from({ length: options.connections }, async () => {
      const began = performance.now()
      const socket = new WebSocket(options.url, { ...options.socket, connectInParallel: true, signal })
      socket.binaryType = 'arraybuffer'
      const error = await opening(socket)
      if (error !== undefined) return fail(`${error.message} (${error.code})`)
      sockets.push(socket)
      opened.push(performance.now() - began)
      progress({ phase: 'opening', done: opened.length / options.connections, answers: 0 })
    }),
  )
  const log = new LatencyLog()
  const began = performance.now()
  const total = options.messages * sockets.length
  const timer = setInterval(() => {
    const done = options.duration === undefined ? log.count / total : (performance.now() - began) / options.duration
    progress({ phase: 'messages', done: Math.min(1, done), answers: log.count })
  }, 100)
  const ends = options.duration === undefined ? Number.POSITIVE_INFINITY : began + options.duration
  const sending = sockets.map(socket => exchange(socket, options, ends, log, signal))
  for (const reason of await Promise.all(sending)) if (reason !== undefined) fail(reason)
  clearInterval(timer)
  const elapsed = performance.now() - began
  await Promise.all(sockets.map(closing))
  return { opened, latencies: log.all(), elapsed, failures }
}

function opening(socket: WebSocket): Promise<ConnectionError | undefined> {
  return new Promise(resolve => {
    socket.onopen = () => resolve(undefined)
    socket.onclose = () => resolve(failure(socket))
  })
}

/** Sends messages on one connection until enough are answered; returns what went wrong. */
function exchange(
  socket: WebSocket,
  { messages, size, binary, inFlight, patience, duration }: BenchOptions,
  ends: number,
  log: LatencyLog,
  signal: AbortSignal,
): Promise<string | undefined> {
  const message = binary ? new Uint8Array(size).fill(0x2a) : '*'.repeat(size)
  const limit = duration === undefined ? messages : Number.POSITIVE_INFINITY
  /** When the messages were sent that are not answered yet, the oldest first. */
  const waiting: number[] = []
  let sent = 0
  return new Promise(resolve => {
    let silence: NodeJS.Timeout
    const end = (reason?: string): void => {
      clearInterval(silence)
      socket.onmessage = null
      socket.onclose = null
      signal.removeEventListener('abort', onAbort)
      resolve(reason)
    }
    const onAbort = (): void => end()
    const send = (): void => {
      sent++
      waiting.push(performance.now())
      socket.send(message)
    }
    let lastAnswer = performance.now()
    silence = setInterval(
      () => {
        if (performance.now() - lastAnswer >= patience) end(`no answer within ${patience / 1000} s`)
      },
      Math.min(patience, 500),
    )
    socket.onmessage = () => {
      lastAnswer = performance.now()
      log.add(lastAnswer - waiting.shift()!)
      if (sent < limit && lastAnswer < ends) send()
      else if (waiting.length === 0) end()
    }
    socket.onclose = ({ code }) => end(failure(socket)?.message ?? `closed by the server with code ${code}`)
    signal.addEventListener('abort', onAbort)
    if (signal.aborted || socket.readyState !== WebSocket.OPEN) return end()
    for (let index = 0; index < inFlight && sent < limit; index++) send()
  })
}

/** Milliseconds for the closing handshake of all. */
const GRACE = 2000

function closing(socket: WebSocket): Promise<void> {
  return new Promise(resolve => {
    if (socket.readyState === WebSocket.CLOSED) return resolve()
    const timer = setTimeout(() => terminate(socket), GRACE)
    socket.onclose = () => {
      clearTimeout(timer)
      resolve()
    }
    socket.close(1000)
  })
}

/** Times, in memory that grows by doubling. */
class LatencyLog {
  count = 0
  #times = new Float64Array(1024)

  add(time: number): void {
    if (this.count === this.#times.length) {
      const larger = new Float64Array(this.count * 2)
      larger.set(this.#times)
      this.#times = larger
    }
    this.#times[this.count++] = time
  }

  all(): Float64Array {
    return this.#times.slice(0, this.count)
  }
}
