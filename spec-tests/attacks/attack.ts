import type { WebSocketOptions } from '#lib/entry/node.js'
import { CLOSE, CONTINUATION, closeBody, frame, PING, PONG, type RawPeer, TEXT } from '../support/raw-server.ts'

/*
 * What an attack is: what a hostile server does on one connection or on several, how the client has to come out of it,
 * and what that may cost. A client in a process of its own goes through it with an amount and with four times that
 * amount, so that cost can be compared without a clock.
 */

export interface Attack {
  readonly name: string
  /** The advisory that it comes from, or the section that forbids it. */
  readonly source: string
  /** What keeps it harmless, in words, for the table. */
  readonly bound: string
  /** So many of `unit` make up the small run; the large one has four times as many. */
  readonly amount: number
  readonly unit: string
  /** Whether CPU time may grow with the amount. "constant": what is too much is not even looked at. */
  readonly work: 'linear' | 'constant'
  readonly memory: {
    /** By how much resident memory may grow, in MiB. */
    readonly limit: number
    /** How much more the heap may hold when the attack has it looked at, in MiB. */
    readonly held?: number
  }
  /** Makes the server speak TLS. */
  readonly tls?: () => Promise<{ readonly key: string; readonly cert: string }>
  /** One connection each, one after the other. */
  steps(amount: number): readonly Step[]
}

/** What the client does. It has to survive the way to another process, so no functions. */
export interface ClientOptions extends Omit<WebSocketOptions, 'connect' | 'signal'> {
  /** Hands over what arrives in pieces of so many bytes, whatever the system makes of it. */
  readonly slice?: number
  /** Hands over so many bytes behind the response head in one piece, as a stream of the user's may. */
  readonly gather?: number
  /** Calls `close(1000)` in the listener of `open`. */
  readonly closeOnOpen?: boolean
  /** Calls `ping()` so many times in the listener of `open`. */
  readonly pingsOnOpen?: number
  /** Looks at the heap in the listener of the first message, when those that came with it still wait. */
  readonly heapAtMessage?: boolean
}

export interface Step {
  readonly options?: ClientOptions
  /** The server's side, once the request head is there. Returns what it saw of the client's Close frame. */
  readonly serve: (peer: RawPeer, probe: Probe) => Promise<ClientClose>
  readonly expect: Expectation
}

/** The code of the client's Close frame; 1005 if it has none; "nothing" if no Close frame came. */
export type ClientClose = number | 'nothing'

export interface Expectation {
  /** The code of the `close` event. */
  readonly close: number
  /** `failure(socket).code`; none if it closed cleanly. */
  readonly failure?: string
  /** The system's code of the error below. */
  readonly cause?: string
  readonly wire: ClientClose
  /** How many messages were given out. */
  readonly messages?: number
  /** Whether the `open` event fired. Default true. */
  readonly opened?: boolean
}

/** Asks the client's process, from the server's side of a connection. */
export interface Probe {
  /** Notes what the client's heap holds now, after a collection; the attack is in full swing. */
  heap(): Promise<void>
}

/** What ends a run that the client has survived: it answers with `close(1000)`. */
export const DONE = 'done'

/** A connection that came through it all: the marker arrives and it closes cleanly. */
export const SURVIVED: Expectation = { close: 1000, wire: 1000 }

/** A server's frame that breaks the protocol. */
export const refused = (wire: number, failure: string, messages = 0): Expectation => ({
  close: 1006,
  failure,
  wire,
  messages,
})

/** The server ended the connection in the middle. */
export const lost: Expectation = { close: 1006, failure: 'WS_ERR_CONNECTION_LOST', wire: 'nothing', messages: 0 }

/** A handshake that came to nothing. */
export const neverOpened = (failure: string, cause?: string): Expectation => ({
  close: 1006,
  failure,
  wire: 'nothing',
  opened: false,
  messages: 0,
  ...(cause === undefined ? {} : { cause }),
})

/** Writes a block again and again; false if the client went away before the end. */
export async function flood(peer: RawPeer, block: Uint8Array, times: number): Promise<boolean> {
  // Large writes, so that the server's own work is small.
  const perWrite = Math.max(1, Math.min(times, Math.floor(65_536 / block.length)))
  const large = Buffer.concat(Array.from({ length: perWrite }, () => block))
  try {
    let left = times
    for (; left >= perWrite; left -= perWrite) await peer.write(large)
    if (left > 0) await peer.write(large.subarray(0, left * block.length))
    return true
  } catch {
    return false
  }
}

/** Waits until the client has read everything that was sent: a ping, and its pong. */
export async function settled(peer: RawPeer): Promise<void> {
  const mark = Buffer.from('mark')
  await peer.send(PING, mark)
  for (;;) {
    const { opcode, payload } = await peer.readFrame()
    if (opcode === PONG && mark.equals(payload)) return
  }
}

/** Reads on until the client's Close frame. */
export async function readClose(peer: RawPeer): Promise<{ code: ClientClose; payload: Uint8Array }> {
  for (;;) {
    const { opcode, payload } = await peer.readFrame()
    if (opcode === CLOSE) return { code: payload.length < 2 ? 1005 : (payload[0]! << 8) | payload[1]!, payload }
  }
}

/** Reads on until the client's Close frame, answers it, ends TCP and waits for the client's end. */
export async function conclude(peer: RawPeer): Promise<ClientClose> {
  let seen: ClientClose = 'nothing'
  try {
    const { code, payload } = await readClose(peer)
    seen = code
    await peer.send(CLOSE, payload).catch(() => {})
  } catch {
    // The client ended, or dropped, the connection.
  }
  peer.end()
  await peer.closed
  return seen
}

/** Waits until the client has dropped the connection, and lets go of it too. */
export async function dropped(peer: RawPeer): Promise<void> {
  await peer.ended.catch(() => {})
  peer.end()
  await peer.closed
}

/** The same steps so many times over. */
export function times(count: number, steps: readonly Step[]): Step[] {
  return Array.from({ length: count }, () => steps).flat()
}

/** Sends the marker, and concludes. */
export async function finish(peer: RawPeer): Promise<ClientClose> {
  await peer.send(TEXT, DONE).catch(() => {})
  return conclude(peer)
}

/** A message in one frame, or cut into frames of `size` bytes. */
export function message(opcode: number, payload: Uint8Array, options: { size?: number; rsv?: number } = {}): Buffer {
  const { size = Math.max(1, payload.length), rsv = 0 } = options
  const frames: Buffer[] = []
  for (let start = 0; start === 0 || start < payload.length; start += size) {
    const fin = start + size >= payload.length
    frames.push(
      frame(start === 0 ? opcode : CONTINUATION, payload.subarray(start, start + size), {
        fin,
        rsv: start === 0 ? rsv : 0,
      }),
    )
  }
  return Buffer.concat(frames)
}

/** A Close frame of the server. */
export const closeFrame = (code = 1000, reason = ''): Buffer => frame(CLOSE, closeBody(code, reason))
