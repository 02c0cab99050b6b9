import { inflateRawSync } from 'node:zlib'
import { walk } from '../../spec-tests/fuzz/frame-walk.ts'
import {
  BINARY,
  CLOSE,
  CONTINUATION,
  closeBody,
  PING,
  PONG,
  type RawFrame,
  type RawPeer,
  type RawServer,
  startRawServer,
  TEXT,
} from '../../spec-tests/support/raw-server.ts'
import type { ServerPart } from './scenario.ts'

/** A server of one scenario, and the log of what it has seen. */
export interface ScenarioServer {
  readonly url: string
  readonly log: readonly string[]
  close(): Promise<void>
}

const opcodes: Readonly<Record<number, string>> = {
  [CONTINUATION]: 'continuation',
  [TEXT]: 'text',
  [BINARY]: 'binary',
  [CLOSE]: 'close',
  [PING]: 'ping',
  [PONG]: 'pong',
}

/** Each scenario has a port of its own, since a browser opens one connection at a time to an address and port. */
export async function startScenarioServer(part: ServerPart): Promise<ScenarioServer> {
  const log: string[] = []
  const server: RawServer = await startRawServer(peer => serve(peer, part, log))
  return { url: server.url, log, close: () => server.close() }
}

async function serve(peer: RawPeer, part: ServerPart, log: string[]): Promise<void> {
  const { request } = peer
  const offered = request.values('sec-websocket-protocol').join(', ')
  log.push(`request ${request.method} ${request.target} version=${request.values('sec-websocket-version')}`)
  log.push(`protocols="${offered}" extensions="${request.values('sec-websocket-extensions').join(', ')}"`)
  const response = part.respond === undefined ? peer.acceptance() : part.respond(peer)
  const { frames = [], pace = 'with the response' } = part
  const conversation = new Conversation(peer, part, log)
  if (response !== undefined) {
    const atOnce = pace === 'with the response' ? frames : []
    await conversation.write(Buffer.concat([toBytes(response), ...atOnce]))
  }
  if (part.afterResponse === 'end') conversation.end()
  if (part.afterResponse === 'reset') return peer.reset()
  if (pace === 'with the response' && response !== undefined && part.afterResponse === undefined) {
    conversation.goOn(part.ending)
  }
  await conversation.read(pace === 'after a message' ? frames : undefined)
}

function toBytes(bytes: string | Uint8Array): Uint8Array {
  return typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
}

class Conversation {
  readonly #peer: RawPeer
  readonly #part: ServerPart
  readonly #log: string[]
  #ended = false
  /** A Close frame was sent, or is among the frames of the scenario: the server sends no second one. */
  #sentClose: boolean

  constructor(peer: RawPeer, part: ServerPart, log: string[]) {
    this.#peer = peer
    this.#part = part
    this.#log = log
    this.#sentClose = walk(Buffer.concat(part.frames ?? [])).some(({ opcode }) => opcode === CLOSE)
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      await this.#peer.write(bytes)
    } catch {
      // The client is gone, which reading tells.
    }
  }

  end(): void {
    this.#ended = true
    this.#peer.end()
  }

  /** What follows the frames. */
  goOn(ending: ServerPart['ending'] = 'close'): void {
    if (ending === 'end') this.end()
    if (ending === 'reset') this.#peer.reset()
    if (ending !== 'close' || this.#sentClose) return
    this.#sentClose = true
    void this.#send(closeBody(1000, 'done'))
  }

  /**
   * Logs all frames of the client, and answers them.
   *
   * @param frames what is sent when the first message has come
   */
  async read(frames: readonly Uint8Array[] | undefined): Promise<void> {
    for (;;) {
      let frame: RawFrame
      try {
        frame = await this.#peer.readFrame()
      } catch {
        if (!this.#ended) this.#log.push('the client ends')
        return this.end()
      }
      this.#log.push(describeFrame(frame))
      if (frame.opcode === CLOSE) {
        if (await this.#answerClose(frame)) return
      } else if (frame.opcode === TEXT || frame.opcode === BINARY) {
        if (frames === undefined) continue
        await this.write(Buffer.concat(frames))
        frames = undefined
        this.goOn(this.#part.ending)
      }
    }
  }

  /** Returns whether nothing more is read. */
  async #answerClose(frame: RawFrame): Promise<boolean> {
    const { onClose = 'echo' } = this.#part
    if (onClose === 'reset') {
      this.#peer.reset()
      return true
    }
    if (onClose === 'ignore') return false
    if (!this.#sentClose && onClose !== 'end') {
      this.#sentClose = true
      if (onClose === 'a message first') await this.write(Buffer.from([0x81, 2, 0x68, 0x69]))
      const body = onClose === 'another code' ? closeBody(4001, 'other') : onClose === 'no code' ? '' : frame.payload
      await this.#send(body)
    }
    if (onClose !== 'keep open') this.end()
    return false
  }

  #send(body: string | Uint8Array): Promise<void> {
    const bytes = Buffer.from(body)
    return this.write(Buffer.concat([Buffer.from([0x80 | CLOSE, bytes.length]), bytes]))
  }
}

function describeFrame({ opcode, fin, rsv, payload }: RawFrame): string {
  const name = opcodes[opcode] ?? `opcode ${opcode}`
  const content = Buffer.from(rsv === 4 ? inflateRawSync(Buffer.concat([payload, TAIL])) : payload)
  const rest = opcode === TEXT ? `"${shorten(content.toString())}"` : describeBytes(opcode, content)
  return `${name}${fin ? '' : ' unfinished'} ${rest}`
}

/** What the sender of a compressed message has left out (RFC 7692 section 7.2.1), and the end of the stream. */
const TAIL = Buffer.from([0, 0, 0xff, 0xff, 1, 0, 0, 0xff, 0xff])

function describeBytes(opcode: number, content: Buffer): string {
  if (opcode !== CLOSE || content.length < 2) return shorten(content.toString('hex'))
  return `${content.readUInt16BE()} "${content.subarray(2)}"`
}

function shorten(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 20)}... (${text.length})`
}
