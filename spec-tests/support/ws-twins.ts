import { createRequire } from 'node:module'
import { expect } from 'chai'
import type { createWebSocketStream, default as RealClass } from 'ws'
import Ours, { type ClientOptions } from '#lib/entry/ws.js'
import { type Loopback, useLoopback } from './ws-server.ts'

/*
 * The same script runs with the client of ws and with ours, each with servers of its own, and what the two have logged is
 * compared. Both have the types of ws.
 */

/** By `require`, which alone gives the class all of its members. */
const Real: ClientClass = createRequire(import.meta.url)('ws')

export type Client = InstanceType<typeof RealClass>

type ClientClass = typeof RealClass & {
  readonly WebSocket: typeof RealClass
  readonly createWebSocketStream: typeof createWebSocketStream
}
type Arguments = [address: string | URL, protocols?: string | string[] | ClientOptions, options?: ClientOptions]

export interface Twin {
  readonly WebSocket: ClientClass
  readonly loopback: Loopback
  readonly isOurs: boolean
  /** Writes down a line that both must have. */
  log(...values: unknown[]): void
  /** A new socket, which is terminated after the script. Its errors do not end the process. */
  open(...args: Arguments): Client
  /** A socket that is open. */
  opened(...args: Arguments): Promise<Client>
  /** Writes down events from now on, as lines. */
  record(socket: Client, ...events: EventName[]): void
}

const EVENTS = ['open', 'message', 'close', 'error', 'ping', 'pong'] as const
export type EventName = (typeof EVENTS)[number] | 'upgrade' | 'unexpected-response' | 'redirect'

/** To be called within `describe`. The function that it returns makes a test of a script. */
export function useTwins(): (name: string, script: (twin: Twin) => unknown) => void {
  const loopback = useLoopback()
  return (name, script) => {
    it(name, async () => {
      const expected = await run(Real, script, loopback)
      const actual = await run(Ours as never, script, loopback)
      expect(expected, 'what ws has logged').to.not.deep.equal([])
      expect(actual).to.deep.equal(expected)
    })
  }
}

async function run(
  WebSocket: ClientClass,
  script: (twin: Twin) => unknown,
  loopback: Loopback,
): Promise<readonly string[]> {
  const lines: string[] = []
  const sockets: Client[] = []
  const twin: Twin = {
    WebSocket,
    loopback,
    isOurs: WebSocket !== Real,
    log: (...values) => lines.push(values.map(show).join(' ')),
    open(...args) {
      const socket = new WebSocket(...(args as ConstructorParameters<typeof RealClass>))
      socket.on('error', () => {})
      sockets.push(socket)
      return socket
    },
    async opened(...args) {
      const socket = twin.open(...args)
      await event(socket, 'open')
      return socket
    },
    record(socket, ...events) {
      for (const name of events.length > 0 ? events : EVENTS) {
        socket.on(name, (...values: unknown[]) => twin.log(name, socket.readyState, ...values))
      }
    },
  }
  try {
    await script(twin)
    return [...lines]
  } finally {
    for (const socket of sockets) socket.terminate()
  }
}

/** The values of the next event of that name. */
export function event(socket: Client, name: string): Promise<any[]> {
  return new Promise(resolve => socket.once(name, (...values: unknown[]) => resolve(values)))
}

/** The next call of a callback that gets an error or none. */
export function called(start: (callback: (error?: Error) => void) => void): Promise<Error | undefined> {
  return new Promise(resolve => start(error => resolve(error ?? undefined)))
}

/** What a function throws; undefined if nothing. */
export function thrown(run: () => unknown): unknown {
  try {
    run()
    return undefined
  } catch (error) {
    return error
  }
}

/** A value as text in which the two are comparable: of an error, the class and the code, and the text where programs read it. */
function show(value: unknown): string {
  if (value instanceof Error) return showError(value)
  if (Buffer.isBuffer(value)) return `Buffer ${abridge(value.toString('hex'))}`
  if (value instanceof ArrayBuffer) return `ArrayBuffer ${abridge(Buffer.from(value).toString('hex'))}`
  if (value instanceof Blob) return `Blob of ${value.size}`
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`
  if (typeof value === 'string') return JSON.stringify(abridge(value))
  if (typeof value === 'function') return 'function'
  return value !== null && typeof value === 'object' ? (value as object).constructor.name : String(value)
}

function showError(error: Error & { code?: unknown }): string {
  const { code } = error
  // The texts of these are looked at by programs.
  const isCompared = code === undefined && error.constructor === Error
  return [error.constructor.name, code, isCompared ? error.message : ''].filter(Boolean).join(' ')
}

function abridge(text: string): string {
  return text.length > 64 ? `${text.slice(0, 64)}… of ${text.length}` : text
}
