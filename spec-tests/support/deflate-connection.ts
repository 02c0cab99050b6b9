import type { Compression } from '#lib/codec/compression.js'
import { nodePlatform } from '#lib/platform/node.js'
import { Connection } from '#lib/protocol/connection.js'
import type { DeflateParameters } from '#lib/protocol/extensions.js'
import type { CompressionSettings } from '#lib/protocol/message-compressor.js'
import { type ClientFrame, OwnerRecorder, parseClientFrames, ScriptedPipe } from './scripted-pipe.ts'

export const RSV1 = 0x40
export const FIN = 0x80

export interface DeflateOptions {
  readonly compression: Compression
  readonly agreed?: Partial<DeflateParameters>
  readonly settings?: Partial<CompressionSettings>
  readonly maxPayload?: number
}

/** A connection that has agreed on permessage-deflate, over a scripted pipe; what it writes leaves by itself. */
export class DeflateConnection extends OwnerRecorder {
  readonly connection: Connection
  readonly pipe: ScriptedPipe = new ScriptedPipe()
  #taken = 0
  #bytes = Buffer.alloc(0)
  #wake: (() => void) | undefined

  constructor({ compression, agreed, settings, maxPayload = 0 }: DeflateOptions) {
    super()
    const { pipe } = this
    const write = pipe.write.bind(pipe)
    pipe.write = (bytes, more) => {
      this.#wake?.()
      return write(bytes, more)
    }
    this.connection = new Connection(
      { ...nodePlatform, compression },
      pipe,
      this,
      { maxPayload, maxFragments: 0, perMessageDeflate: { threshold: 64, level: 1, memLevel: 8, ...settings } },
      {
        serverNoContextTakeover: false,
        clientNoContextTakeover: false,
        serverMaxWindowBits: 15,
        clientMaxWindowBits: 15,
        ...agreed,
      },
    )
    this.failAfterViolation = () => this.connection.failAfterViolation()
  }

  override flushSoon(): void {
    queueMicrotask(() => this.connection.flush())
  }

  /** Goes on in later turns, as long as there is anything to do. */
  goOn(): void {
    for (; this.turnsOwed > 0; this.turnsOwed--) this.connection.continueReading()
  }

  /** The next so many frames that are sent, whenever that is. */
  async frames(count: number): Promise<ClientFrame[]> {
    for (;;) {
      const frames = this.#parse()
      if (frames.length >= count) return this.#take(frames.slice(0, count))
      await new Promise<void>(resolve => {
        this.#wake = () => queueMicrotask(resolve)
      })
    }
  }

  /** The frames of the next so many messages, control frames among them left out. */
  async messages(count: number): Promise<ClientFrame[][]> {
    const messages: ClientFrame[][] = []
    let frames: ClientFrame[] = []
    while (messages.length < count) {
      const [frame] = await this.frames(1)
      if (frame!.opcode >= 8) continue
      frames.push(frame!)
      if ((frame!.first & FIN) === 0) continue
      messages.push(frames)
      frames = []
    }
    return messages
  }

  /** What has been sent and not been asked for yet. */
  get sent(): ClientFrame[] {
    return this.#parse()
  }

  #parse(): ClientFrame[] {
    const { writes } = this.pipe
    this.#bytes = Buffer.concat([this.#bytes, ...writes.slice(this.#taken).map(({ bytes }) => bytes)])
    this.#taken = writes.length
    return parseClientFrames(this.#bytes)
  }

  #take(frames: ClientFrame[]): ClientFrame[] {
    const length = frames.reduce((sum, { headerLength, payload }) => sum + headerLength + payload.length, 0)
    this.#bytes = this.#bytes.subarray(length)
    return frames
  }
}

/** Lets time go by before it looks at what it has to compress later. */
export class SlowCompression implements Compression {
  readonly createInflater: Compression['createInflater']
  readonly createDeflater: Compression['createDeflater']

  constructor(compression: Compression) {
    this.createInflater = compression.createInflater
    this.createDeflater = options => {
      const deflater = compression.createDeflater(options)
      return {
        deflate: message => deflater.deflate(message),
        deflateLater: (message, callback) => void setImmediate(() => deflater.deflateLater(message, callback)),
        reset: () => deflater.reset(),
        close: () => deflater.close(),
      }
    }
  }
}

/** Counts what was inflated. */
export class CountingCompression implements Compression {
  produced = 0
  readonly createInflater: Compression['createInflater']
  readonly createDeflater: Compression['createDeflater']

  constructor(compression: Compression) {
    this.createDeflater = compression.createDeflater
    this.createInflater = (windowBits, maxOutput) => {
      const inflater = compression.createInflater(windowBits, maxOutput)
      const counting = this
      return {
        get consumed() {
          return inflater.consumed
        },
        get produced() {
          return inflater.produced
        },
        inflate(...args) {
          const result = inflater.inflate(...args)
          counting.produced += inflater.produced
          return result
        },
        reset: () => inflater.reset(),
        close: () => inflater.close(),
      }
    }
  }
}
