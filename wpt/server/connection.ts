import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { type ByteReader, ConnectionLost } from './byte-reader.ts'
import type { MessageDeflate } from './deflate.ts'
import { encodeFrame, type Frame, opcodes, ProtocolFailure, readFrame } from './frames.ts'
import type { UpgradeRequest } from './upgrade-request.ts'

/** The content of a close frame; `code: undefined` is an empty one. */
export interface CloseBody {
  readonly code: number | undefined
  readonly reason: string
}

/** Returns the answer to a close frame of the client, which is already in `clientClose`. */
type AnswerClose = (connection: Connection) => CloseBody | Promise<CloseBody>

/** An open connection, for a handler. It reads only on request, so a handler that does not receive causes backpressure. */
export class Connection {
  readonly request: UpgradeRequest
  /** Aborts when the client goes away or the server closes. */
  readonly signal: AbortSignal
  /** The content of the client's close frame; undefined until it has arrived. */
  clientClose: CloseBody | undefined
  readonly #stream: Duplex
  readonly #reader: ByteReader
  readonly #deflate: MessageDeflate | undefined
  readonly #answerClose: AnswerClose
  #closeSent = false

  constructor(
    request: UpgradeRequest,
    stream: Duplex,
    reader: ByteReader,
    deflate: MessageDeflate | undefined,
    answerClose: AnswerClose,
    signal: AbortSignal,
  ) {
    this.request = request
    this.#stream = stream
    this.#reader = reader
    this.#deflate = deflate
    this.#answerClose = answerClose
    this.signal = signal
  }

  /**
   * The next message, as a string or bytes. Null once the client has closed; its close frame is then already answered.
   * @throws {ConnectionLost} @throws {ProtocolFailure}
   */
  async receive(): Promise<string | Buffer | null> {
    if (this.clientClose) throw new ConnectionLost('the client has closed')
    const fragments: Buffer[] = []
    let opening: Frame | undefined
    for (;;) {
      const frame = await readFrame(this.#reader)
      if (frame.opcode === opcodes.close) {
        await this.#receiveClose(frame.payload)
        return null
      }
      if (frame.opcode === opcodes.ping) await this.#write(encodeFrame(opcodes.pong, frame.payload))
      if (frame.opcode === opcodes.ping || frame.opcode === opcodes.pong) continue
      if (frame.opcode > opcodes.binary) throw new ProtocolFailure(`opcode ${frame.opcode}`)
      if ((frame.opcode === opcodes.continuation) === (opening === undefined)) {
        throw new ProtocolFailure('a fragment out of order')
      }
      opening ??= frame
      fragments.push(frame.payload)
      if (frame.final) return this.#decode(opening, Buffer.concat(fragments))
    }
  }

  /** Whether the next frame is a close frame. Does not consume it. @throws {ConnectionLost} */
  async isCloseNext(): Promise<boolean> {
    return ((await this.#reader.peek(1))[0]! & 0x0f) === opcodes.close
  }

  /** Sends a string as a text message, bytes as a binary one. Resolves when the system has accepted all of it. */
  async send(message: string | Buffer): Promise<void> {
    const opcode = typeof message === 'string' ? opcodes.text : opcodes.binary
    const payload = typeof message === 'string' ? Buffer.from(message) : message
    const deflated = await this.#deflate?.compress(payload)
    await this.#write(encodeFrame(opcode, deflated ?? payload, deflated !== undefined))
  }

  async ping(body: string): Promise<void> {
    await this.#write(encodeFrame(opcodes.ping, Buffer.from(body)))
  }

  /** Writes bytes as they are, which need not be a valid frame. */
  async sendRaw(bytes: Buffer): Promise<void> {
    await this.#write(bytes)
  }

  /**
   * Sends a close frame and waits for that of the client; a message instead of it is an error. After 1001 and 1002 it does not
   * wait. Does nothing if a close frame has been sent before.
   * @throws {ConnectionLost}
   */
  async close(code: number | undefined = undefined, reason = ''): Promise<void> {
    if (this.#closeSent) return
    await this.beginClose(code, reason)
    if (code === 1001 || code === 1002) return
    if ((await this.receive()) !== null) throw new ConnectionLost('a message instead of a close frame')
  }

  /** Sends a close frame and does not wait: the caller receives that of the client. */
  async beginClose(code: number | undefined = undefined, reason = ''): Promise<void> {
    this.#closeSent = true
    const body = code === undefined ? Buffer.alloc(0) : Buffer.from(`..${reason}`)
    if (code !== undefined) body.writeUInt16BE(code)
    await this.#write(encodeFrame(opcodes.close, body))
  }

  /** @throws {ConnectionLost} when the client goes away first */
  async sleep(milliseconds: number): Promise<void> {
    await sleep(milliseconds, this.signal)
  }

  async #receiveClose(payload: Buffer): Promise<void> {
    if (payload.length === 1) throw new ProtocolFailure('a close frame with half a code')
    const code = payload.length === 0 ? undefined : payload.readUInt16BE()
    this.clientClose = { code, reason: payload.toString('utf8', 2) }
    if (this.#closeSent) return
    const { code: answer, reason } = await this.#answerClose(this)
    await this.beginClose(answer, reason)
  }

  async #decode(opening: Frame, payload: Buffer): Promise<string | Buffer> {
    if (opening.compressed && !this.#deflate) throw new ProtocolFailure('RSV1 without permessage-deflate')
    const message = opening.compressed ? await this.#deflate!.decompress(payload) : payload
    if (opening.opcode === opcodes.binary) return message
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(message)
    } catch {
      throw new ProtocolFailure('a text message that is not UTF-8', 1007)
    }
  }

  #write(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.write(bytes, error => {
        if (error) reject(new ConnectionLost(error.message))
        else resolve()
      })
    })
  }
}

/** @throws {ConnectionLost} when `signal` aborts first */
export async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(milliseconds, undefined, { signal })
  } catch {
    throw new ConnectionLost('the client went away')
  }
}
