import type { Platform } from '#lib/codec/platform.js'
import { nodePlatform } from '#lib/platform/node.js'
import {
  type CloseResult,
  Connection,
  type ConnectionOwner,
  type ConnectionSettings,
} from '#lib/protocol/connection.js'
import type { Pipe, PipeSink } from '#lib/transport/pipe.js'
import { hex, lend, MessageRecorder, short } from './frame-recorder.ts'
import { mask } from './mask.ts'

/** A pipe that does only what a test says, and writes down what is asked of it. */
export class ScriptedPipe implements Pipe {
  /** What was called, without the writes: `end`, `abort`, `pause`, `resume`, `ref`, `unref`. */
  readonly calls: string[] = []
  readonly writes: { readonly bytes: Uint8Array; readonly more: boolean }[] = []
  sink!: PipeSink
  /** What `write` returns. */
  ready = true
  buffered: number | undefined = 0
  /** What `abort` was given. */
  reason: unknown

  start(sink: PipeSink): void {
    this.sink = sink
  }

  write(bytes: Uint8Array, more: boolean): boolean {
    this.writes.push({ bytes, more })
    return this.ready
  }

  end(): void {
    this.calls.push('end')
  }

  abort(reason?: unknown): void {
    this.calls.push('abort')
    this.reason = reason
  }

  pause(): void {
    this.calls.push('pause')
  }

  resume(): void {
    this.calls.push('resume')
  }

  ref(): void {
    this.calls.push('ref')
  }

  unref(): void {
    this.calls.push('unref')
  }

  /** Hands over bytes as a socket does: they are gone after the call. */
  receive(...chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) lend(chunk, bytes => this.sink.data(bytes))
  }
}

/** Writes down what a connection tells its owner, one line each. */
export class OwnerRecorder extends MessageRecorder implements ConnectionOwner {
  closure: CloseResult | undefined
  /** Whether `flush` is owed. */
  flushOwed = false
  /** How often `continueReading` is owed. */
  turnsOwed = 0

  onCloseReceived(): void {
    this.events.push('close received')
  }

  flushSoon(): void {
    this.flushOwed = true
  }

  continueReadingLater(): void {
    this.turnsOwed++
  }

  onServerEndDue(): void {}

  /** To be set once there is a connection. */
  failAfterViolation = (): void => {}

  /** Nothing waits to be handled before. */
  onViolation(): void {
    this.failAfterViolation()
  }

  onDrained(): void {
    this.events.push('drained')
  }

  onClosed(closure: CloseResult): void {
    this.closure = closure
    const { code, reason, error } = closure
    const how = error === undefined ? 'clean' : 'unclean'
    this.events.push(['closed', code, how, error?.code ?? '', reason].filter(part => part !== '').join(' '))
  }

  onReleased(): void {
    this.events.push('released')
  }
}

export interface Harness {
  readonly connection: Connection
  readonly pipe: ScriptedPipe
  readonly owner: OwnerRecorder
  /** Flushes if that is owed, and gives the frames that were written since the last call, as lines. */
  sent(): string[]
}

export interface HarnessOptions extends Partial<ConnectionSettings> {
  readonly platform?: Platform
  readonly pipe?: ScriptedPipe
}

/** A connection whose handshake is done, over a scripted pipe. */
export function openConnection({
  platform = nodePlatform,
  pipe = new ScriptedPipe(),
  ...settings
}: HarnessOptions = {}): Harness {
  const owner = new OwnerRecorder()
  const connection = new Connection(platform, pipe, owner, {
    maxPayload: 0,
    maxFragments: 0,
    perMessageDeflate: undefined,
    ...settings,
  })
  owner.failAfterViolation = () => connection.failAfterViolation()
  let seen = 0
  return {
    connection,
    pipe,
    owner,
    sent() {
      if (owner.flushOwed) {
        owner.flushOwed = false
        connection.flush()
      }
      const bytes = Buffer.concat(pipe.writes.slice(seen).map(write => write.bytes))
      seen = pipe.writes.length
      return parseClientFrames(bytes).map(({ opcode, payload }) => {
        const name = NAMES[opcode] ?? `opcode ${opcode}`
        return `${name} ${short(opcode === 1 ? payload.toString('utf8') : hex(payload))}`
      })
    },
  }
}

const NAMES: Readonly<Record<number, string>> = { 1: 'text', 2: 'binary', 8: 'close', 9: 'ping', 10: 'pong' }

export interface ClientFrame {
  readonly opcode: number
  /** The first byte, FIN and reserved bits included. */
  readonly first: number
  readonly key: Buffer
  /** Header bytes, key included. */
  readonly headerLength: number
  /** Unmasked. */
  readonly payload: Buffer
}

/** Reads whole frames of a client, and holds each against RFC 6455 sections 5.1 and 5.2. */
export function parseClientFrames(bytes: Uint8Array): ClientFrame[] {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const frames: ClientFrame[] = []
  let position = 0
  while (position < input.length) {
    const first = input[position]!
    const second = input.readUInt8(position + 1)
    if ((second & 0x80) === 0) throw new Error('A client frame is not masked')
    const short = second & 0x7f
    let start = position + 2
    let length = short
    if (short === 126) {
      length = input.readUInt16BE(start)
      start += 2
      if (length < 126) throw new Error('A length is not encoded as short as it can be')
    } else if (short === 127) {
      length = Number(input.readBigUInt64BE(start))
      start += 8
      if (length < 65536) throw new Error('A length is not encoded as short as it can be')
    }
    const key = Buffer.from(input.subarray(start, start + 4))
    start += 4
    if (start + length > input.length) throw new Error('A frame is cut off')
    const payload = Buffer.from(input.subarray(start, start + length))
    mask(payload, key)
    frames.push({ opcode: first & 0x0f, first, key, headerLength: start - position, payload })
    position = start + length
  }
  return frames
}
