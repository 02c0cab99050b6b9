import { failure, terminate, WebSocket, WebSocketStream } from '#lib/entry/node.js'
import type { Totals } from './totals.ts'
import { areEqual, CLOSE_REQUEST, CLOSE_REQUEST_CODE, type Message, random, randomMessage } from './traffic.ts'

/** How a connection is ended, when its time is over. */
const endings = ['close', 'ask', 'terminate'] as const
type Ending = (typeof endings)[number]

/** A connection, whichever class it is of: sends messages one at a time, and checks each echo. */
interface Talk {
  /** Resolves with the echo; undefined if the connection ended before. */
  exchange(data: Message): Promise<Message | undefined>
  close(): void
  ask(): void
  terminate(): void
  /** Resolves when it has ended: with the code of a clean close, or undefined. */
  readonly ended: Promise<number | undefined>
  /** Why it failed. */
  readonly code: () => string | undefined
}

/**
 * Milliseconds that a connection lives, on average. With a third of that, and of the pauses, two cores could not keep up beside anything
 * else, and half of the connections waited to be opened again.
 */
const LIFE = 60_000

/**
 * Whether the run is over, for one connection at a time, and its pauses: those of timers/promises with a signal take four times the CPU
 * time.
 */
class Stop {
  requested = false
  /** Ends the pause that is on, if there is one. */
  endPause = (): void => {}

  constructor(signal: AbortSignal) {
    signal.addEventListener('abort', () => {
      this.requested = true
      this.endPause()
    })
  }

  /** Ends early when the run is over. */
  pause(time: number): Promise<void> {
    if (this.requested) return Promise.resolve()
    return new Promise(resolve => {
      const timer = setTimeout(resolve, time)
      this.endPause = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

/**
 * Opens one connection after the other until the signal is aborted.
 *
 * @param begun the first connection waits for it, once it is open, and says nothing until then
 * @param pause milliseconds between two messages of a connection, on average
 */
export async function keepTalking(
  url: () => string,
  totals: Totals,
  pause: number,
  begun: Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const stop = new Stop(signal)
  await stop.pause(random(pause * 2))
  let hasBegun = false
  while (!stop.requested) {
    const talk = await open(url())
    if (talk === undefined) {
      totals.refused++
      await stop.pause(200 + random(pause))
      continue
    }
    totals.opened++
    if (!hasBegun) {
      await begun
      hasBegun = true
      // Not all of the first messages at once.
      await stop.pause(random(pause * 2))
    }
    await live(talk, totals, pause, stop)
  }
}

async function live(talk: Talk, totals: Totals, pause: number, stop: Stop): Promise<void> {
  const end = performance.now() + random(LIFE * 2)
  let over = false
  const ended = talk.ended.finally(() => {
    over = true
    stop.endPause()
  })
  while (!over && !stop.requested && performance.now() < end) {
    const data = randomMessage()
    totals.sent++
    totals.bytes += data.length
    const echo = await talk.exchange(data)
    if (echo === undefined) totals.lost++
    else if (areEqual(echo, data)) totals.echoed++
    else totals.faults.push('an echo differs from its message')
    if (!over) await stop.pause(random(pause * 2))
  }
  const ending: Ending | undefined = over ? undefined : stop.requested ? 'close' : endings[random(endings.length)]!
  if (ending !== undefined) talk[ending]()
  const code = await ended
  judge(ending, code, talk.code(), totals)
}

function judge(
  ending: Ending | undefined,
  clean: number | undefined,
  failed: string | undefined,
  totals: Totals,
): void {
  if (clean !== undefined) totals.clean++
  else totals.broken++
  const wasKilled = clean === undefined && failed === 'WS_ERR_CONNECTION_LOST'
  const fits =
    ending === 'close'
      ? clean === 1000 || wasKilled
      : ending === 'ask'
        ? clean === CLOSE_REQUEST_CODE || wasKilled
        : ending === 'terminate'
          ? failed === 'WS_ERR_TERMINATED' || wasKilled
          : wasKilled
  if (!fits) totals.faults.push(`${ending ?? 'no ending of ours'}: ended with ${clean ?? failed}`)
}

/** Undefined if the server refuses, as while it is killed. */
function open(url: string): Promise<Talk | undefined> {
  const options = { perMessageDeflate: random(2) === 0, handshakeTimeout: 60_000, closeTimeout: 60_000 }
  return random(4) === 0 ? openStream(url, options) : openSocket(url, options)
}

type Options = { perMessageDeflate: boolean; handshakeTimeout: number; closeTimeout: number }

async function openSocket(url: string, options: Options): Promise<Talk | undefined> {
  const socket = new WebSocket(url, options)
  socket.binaryType = 'arraybuffer'
  const state: { answer: ((data: Message | undefined) => void) | undefined } = { answer: undefined }
  const opened = new Promise<boolean>(resolve => {
    socket.onopen = () => resolve(true)
    socket.onerror = () => resolve(false)
  })
  const ended = new Promise<number | undefined>(resolve => {
    socket.onclose = ({ code, wasClean }) => {
      state.answer?.(undefined)
      resolve(wasClean ? code : undefined)
    }
  })
  socket.onmessage = ({ data }) => {
    const { answer } = state
    state.answer = undefined
    answer?.(typeof data === 'string' ? data : new Uint8Array(data))
  }
  if (!(await opened)) return undefined
  return {
    exchange(data) {
      if (socket.readyState !== WebSocket.OPEN) return Promise.resolve(undefined)
      return new Promise(resolve => {
        state.answer = resolve
        socket.send(data)
      })
    },
    close: () => socket.close(1000),
    ask: () => socket.send(CLOSE_REQUEST),
    terminate: () => terminate(socket),
    ended,
    code: () => failure(socket)?.code,
  }
}

async function openStream(url: string, options: Options): Promise<Talk | undefined> {
  const stream = new WebSocketStream(url, options)
  const opened = await stream.opened.catch(() => undefined)
  if (opened === undefined) return undefined
  const reader = opened.readable.getReader()
  const writer = opened.writable.getWriter()
  writer.closed.catch(() => {})
  reader.closed.catch(() => {})
  return {
    async exchange(data) {
      try {
        await writer.write(data)
        return (await reader.read()).value
      } catch {
        return undefined
      }
    },
    close: () => stream.close({ closeCode: 1000 }),
    ask: () => void writer.write(CLOSE_REQUEST).catch(() => {}),
    terminate: () => terminate(stream),
    ended: stream.closed.then(
      ({ closeCode }) => closeCode,
      () => undefined,
    ),
    code: () => failure(stream)?.code,
  }
}
