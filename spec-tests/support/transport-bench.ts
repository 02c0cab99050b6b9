import { expect } from 'chai'
import type { Pipe } from '#lib/transport/pipe.js'
import type { FarEnd } from './far-end.ts'
import { WatchedPipe } from './strict-sink.ts'

/** A transport to be held against the contract in `lib/transport/pipe.ts`. */
export interface TransportUnderTest {
  readonly name: string
  /**
   * Makes a connection. `receive` gets the pipe, not started yet, and may start it at once.
   *
   * @param early what the far end is to send before the pipe is given out
   */
  open(receive: (pipe: Pipe) => void, early?: Uint8Array): Promise<FarEnd>
  /** Called after each test, to close what is open. */
  cleanUp(): Promise<void>
  /** Whether a pipe may be started later than it was received. Default: true. */
  readonly startsLater?: boolean
  /** Whether our direction stays open when the far end has ended its own. Default: true. */
  readonly halfOpen?: boolean
}

export const MEBIBYTE = 1024 * 1024
/** More than the system takes when nobody reads. */
export const MUCH = 24 * MEBIBYTE

/** After so many bytes a pattern repeats. */
const PERIOD = 65_536

export function pattern(length: number, seed = 0): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  const own = Math.min(length, PERIOD)
  for (let index = 0; index < own; index++) bytes[index] = (index * 31 + (index >>> 8) + seed) & 0xff
  for (let made = own; made < length; made *= 2) bytes.copy(bytes, made, 0, made)
  return bytes
}

/** Waits until a value has not changed for a hundred turns of the event loop: until nothing moves any more. */
export async function settled(value: () => number): Promise<void> {
  let last = value()
  for (let quiet = 0, turns = 0; quiet < 100 && turns < 1_000_000; turns++) {
    await new Promise(resolve => setImmediate(resolve))
    quiet = value() === last ? quiet + 1 : 0
    last = value()
  }
}

export interface OpenOptions {
  /** What the far end sends before the pipe is given out. */
  readonly early?: Uint8Array
  /** The test starts the pipe itself. */
  readonly later?: boolean
  /** Called right behind the start, before anything else can happen. */
  readonly behindStart?: (near: WatchedPipe) => void
}

export interface TransportBench {
  /** A new connection, its pipe started unless said otherwise. */
  open(options?: OpenOptions): Promise<{ near: WatchedPipe; far: FarEnd }>
}

/** To be called within `describe`: closes after each test what was opened, and looks for faults. */
export function useTransport(transport: TransportUnderTest): TransportBench {
  let watched: WatchedPipe[] = []

  afterEach(async () => {
    const all = watched
    watched = []
    for (const one of all) if (one.started) one.pipe.abort()
    await transport.cleanUp()
    expect(all.flatMap(({ sink }) => sink.faults)).to.deep.equal([])
  })

  return {
    async open({ early, later = false, behindStart } = {}) {
      let near!: WatchedPipe
      const far = await transport.open(pipe => {
        near = new WatchedPipe(pipe)
        watched.push(near)
        if (!later) near.start()
        behindStart?.(near)
      }, early)
      return { near, far }
    },
  }
}

/** Makes the pipe refuse bytes; returns what was written. */
export function fill(near: WatchedPipe): Buffer {
  const blocks: Buffer[] = []
  while (blocks.length < MUCH / MEBIBYTE) {
    const block = pattern(MEBIBYTE, blocks.length)
    near.write(block)
    blocks.push(block)
  }
  return Buffer.concat(blocks)
}

/** Has bytes gone both ways, so that nothing is left that a break might come together with. */
export async function exchange(near: WatchedPipe, far: FarEnd): Promise<void> {
  void far.write(pattern(100))
  await near.sink.until(() => near.sink.length === 100)
  near.write(pattern(100))
  await far.read(100)
  await settled(() => near.sink.calls.length)
  near.sink.calls.length = 0
}
