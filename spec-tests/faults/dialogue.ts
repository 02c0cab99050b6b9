import { setImmediate as turn } from 'node:timers/promises'
import { drained, type FailureStep, failure, ping, terminate, WebSocket, WebSocketStream } from '#lib/entry/node.js'
import type { FaultyPeer, FaultyRoute } from './peer.ts'
import type { PeerReport } from './peer-process.ts'
import { isSilent, type Schedule } from './schedule.ts'
import type { Way } from './way.ts'

/** The class that is the client. */
export type Kind = 'WebSocket' | 'WebSocketStream'

/** Where the connection stood when it failed. */
export type Phase = 'opening' | 'open' | 'closing'

/** What the client saw of one connection. */
export interface Outcome {
  readonly kind: Kind
  readonly schedule: Schedule
  readonly way: Way
  readonly peer: PeerReport
  /** The messages in the order in which they arrived, `bytes` for the binary one. */
  readonly messages: readonly string[]
  /** Those of `sentTexts` that a pong has acknowledged. */
  readonly acknowledged: number
  /** It closed cleanly, with this code. */
  readonly cleanCode: number | undefined
  /** `failure(...).code`, if it failed. */
  readonly code: string | undefined
  /** `failure(...).step`: the step of the opening that failed. */
  readonly step: FailureStep | undefined
  readonly phase: Phase
  /** What went against the contract, in words. */
  readonly faults: readonly string[]
}

/** All messages of the server, and all texts of the client, in their order. */
export const expectedMessages = ['greeting', 'bytes', 'first', 'x'.repeat(200)]
export const sentTexts = ['first', 'x'.repeat(200)]

/** Milliseconds after which a connection that has not ended is a fault. More than all limits below together. */
const LIMIT = 90_000
/** For faults that only a time limit can end. */
const SHORT_LIMITS = { handshakeTimeout: 2000, closeTimeout: 1000, heartbeat: { interval: 500, timeout: 1000 } }
/** For all others: on a busy machine they are slow, and what is alive must not be given up. */
const LONG_LIMITS = { handshakeTimeout: 30_000, closeTimeout: 20_000, heartbeat: { interval: 10_000, timeout: 20_000 } }

/** Holds the dialogue over one connection, and looks how it ends. */
export async function converse(peer: FaultyPeer, kind: Kind, schedule: Schedule, way: Way): Promise<Outcome> {
  const route = await peer.route(schedule, way)
  const limits = isSilent(schedule) ? SHORT_LIMITS : LONG_LIMITS
  const options = { ...limits, ...route.options }
  const result = await (kind === 'WebSocket' ? converseBySocket(route, options) : converseByStream(route, options))
  return { kind, schedule, way, ...result, peer: await route.report() }
}

type Options = typeof LONG_LIMITS & FaultyRoute['options']
type Seen = Omit<Outcome, 'kind' | 'schedule' | 'way' | 'peer'>

async function converseBySocket({ url }: FaultyRoute, options: Options): Promise<Seen> {
  const socket = new WebSocket(url, options)
  socket.binaryType = 'arraybuffer'
  const faults: string[] = []
  const messages: string[] = []
  const promises: [name: string, promise: Promise<unknown>][] = []
  const counts = { open: 0, error: 0, close: 0 }
  let acknowledged = 0
  let phase: Phase = 'opening'
  let cleanCode: number | undefined
  const say = (text: string): void => {
    socket.send(text)
    const answered = ping(socket).then(() => acknowledged++)
    answered.catch(() => {})
    promises.push([`ping after "${text}"`, answered], [`drained after "${text}"`, drained(socket)])
  }
  const ended = new Promise<void>(resolve => socket.addEventListener('close', () => resolve()))
  for (const type of ['open', 'message', 'error', 'close'] as const) {
    socket.addEventListener(type, () => {
      if (counts.close > 0) faults.push(`${type} event after the close event`)
      if (type !== 'message') counts[type]++
    })
  }
  socket.addEventListener('open', () => {
    phase = 'open'
    say('first')
  })
  socket.addEventListener('message', ({ data }) => {
    messages.push(nameOf(data))
    if (messages.length === 3) say('x'.repeat(200))
    if (messages.length !== 4) return
    phase = 'closing'
    socket.close(1000, 'bye')
  })
  socket.addEventListener('close', ({ wasClean, code }) => {
    if (wasClean) cleanCode = code
  })
  if (await isLate(ended)) {
    faults.push('no close event')
    terminate(socket)
  }
  await turn()
  for (const [name, promise] of promises) await expectSettled(name, promise, isConnectionError, faults)
  if (counts.open > 1 || counts.error > 1 || counts.close > 1) faults.push('an event was fired twice')
  if ((counts.error === 1) !== (cleanCode === undefined)) faults.push('an error event does not fit wasClean')
  if (socket.readyState !== WebSocket.CLOSED) faults.push('readyState is not CLOSED after the close event')
  const { code, step } = failure(socket) ?? {}
  return { messages, acknowledged, cleanCode, code, step, phase, faults }
}

async function converseByStream({ url }: FaultyRoute, options: Options): Promise<Seen> {
  const stream = new WebSocketStream(url, options)
  const faults: string[] = []
  const messages: string[] = []
  let acknowledged = 0
  let phase: Phase = 'opening'
  if (await isLate(stream.opened)) faults.push('"opened" is pending')
  const opened = await settledValue(stream.opened)
  if (opened !== undefined) {
    phase = 'open'
    const reader = opened.readable.getReader()
    const writer = opened.writable.getWriter()
    const say = (text: string): Promise<unknown> => {
      const written = writer.write(text)
      const answered = written.then(() => ping(stream)).then(() => acknowledged++)
      return Promise.all([written, answered])
    }
    const read = async (): Promise<void> => {
      for (let result = await reader.read(); result.done !== true; result = await reader.read()) {
        messages.push(nameOf(result.value))
        if (messages.length !== 4) continue
        phase = 'closing'
        stream.close({ closeCode: 1000, reason: 'bye' })
      }
    }
    const promises: [name: string, promise: Promise<unknown>][] = [
      ['reading', read()],
      ['reader.closed', reader.closed],
      ['writer.closed', writer.closed],
      ['first write and ping', say('first')],
      ['second write and ping', say('x'.repeat(200))],
    ]
    for (const [, promise] of promises) promise.catch(() => {})
    if (await isLate(stream.closed)) faults.push('"closed" is pending')
    for (const [name, promise] of promises) await expectSettled(name, promise, isStreamError, faults)
  }
  await expectSettled('opened', stream.opened, isWebSocketError, faults)
  await expectSettled('closed', stream.closed, isWebSocketError, faults)
  const cleanCode = (await settledValue(stream.closed))?.closeCode
  const { code, step } = failure(stream) ?? {}
  terminate(stream)
  return { messages, acknowledged, cleanCode, code, step, phase, faults }
}

function nameOf(data: unknown): string {
  return typeof data === 'string' ? data : 'bytes'
}

/** Whether a promise is still pending after the limit. */
async function isLate(promise: Promise<unknown>, limit = LIMIT): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<boolean>(resolve => {
    timer = setTimeout(() => resolve(true), limit)
  })
  const settled = promise.then(
    () => false,
    () => false,
  )
  try {
    return await Promise.race([settled, late])
  } finally {
    clearTimeout(timer)
  }
}

/** The value of a promise that is settled; undefined if it was rejected. */
async function settledValue<Value>(promise: Promise<Value>): Promise<Value | undefined> {
  if (await isLate(promise, 1)) return undefined
  return promise.catch(() => undefined)
}

async function expectSettled(
  name: string,
  promise: Promise<unknown>,
  isFit: (reason: unknown) => boolean,
  faults: string[],
): Promise<void> {
  if (await isLate(promise, 10_000)) faults.push(`${name} is pending`)
  else await promise.catch((reason: unknown) => isFit(reason) || faults.push(`${name} rejects with ${reason}`))
}

function isConnectionError(reason: unknown): boolean {
  return (reason as { name?: string } | undefined)?.name === 'ConnectionError'
}

function isWebSocketError(reason: unknown): boolean {
  return (reason as { name?: string } | undefined)?.name === 'WebSocketError'
}

/** A write that was lost, and a ping on what is no longer open, reject with an InvalidStateError. */
function isStreamError(reason: unknown): boolean {
  const name = (reason as { name?: string } | undefined)?.name
  return isWebSocketError(reason) || isConnectionError(reason) || name === 'InvalidStateError'
}
