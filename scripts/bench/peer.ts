/** The server's side of a benchmark connection. */
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { constants, inflateRawSync } from 'node:zlib'
import { frame, framesOf, messagesOf } from './payloads.ts'
import { findScenario, type Scenario, warmUpOf } from './scenarios.ts'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
/** Set in the test that wrong content is detected: changes a byte of what is sent and of what is expected. */
const corrupts = process.env.BENCH_CORRUPT !== undefined

/** Frames with all messages of a scenario, once or several times over, to be written in one call. */
interface Flood {
  readonly bytes: Buffer
  /** How many times `bytes` contains all messages. */
  readonly copies: number
}
// Frames by scenario, made once, so that the server needs little CPU time while a client is measured.
const floods = new Map<string, Promise<Flood>>()
/** Open connections of the scenario "idle connections", which get the broadcasts. */
const idle = new Set<Peer>()

/** Answers the opening handshake, then reads client frames and answers as the scenario of the request says. */
export class Peer {
  readonly #socket: Socket
  #scenario: Scenario | undefined
  /** Whether messages are only counted, and not answered one by one. */
  #counts = false
  #rest: Buffer = Buffer.alloc(0)
  /** Parser state: first byte and masking key of the current frame, and how many bytes of its payload are still to come. */
  #first = 0
  #key: Buffer = Buffer.alloc(4)
  #missing = 0
  /** The payload of the current frame so far; undefined if it is skipped unread. */
  #pieces: Buffer[] | undefined
  #received = 0
  /** How many messages, from the first on, are compared with the expected ones. */
  #toCheck = 0
  #checked: Buffer[] = []
  #answers: Buffer[] = []

  constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', chunk => this.#data(chunk))
    socket.on('error', () => {})
    socket.on('close', () => idle.delete(this))
  }

  #data(chunk: Buffer): void {
    if (this.#missing > chunk.length && this.#pieces === undefined) {
      this.#missing -= chunk.length
      return
    }
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    if (this.#scenario === undefined) {
      const end = bytes.indexOf('\r\n\r\n')
      this.#rest = bytes.subarray(end < 0 ? 0 : end + 4)
      if (end >= 0) this.#handshake(bytes.toString('latin1', 0, end))
      return
    }
    this.#rest = bytes.subarray(this.#frames(bytes))
    if (this.#answers.length > 0) this.#socket.write(Buffer.concat(this.#answers.splice(0)))
  }

  #handshake(head: string): void {
    const name = decodeURIComponent(/^GET \/(\S*)/.exec(head)?.[1] ?? '')
    const key = /sec-websocket-key: *(\S+)/i.exec(head)?.[1] ?? ''
    const scenario = findScenario(name)
    if (scenario === undefined) {
      this.#socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')
      return
    }
    this.#scenario = scenario
    this.#counts = scenario.kind === 'send' || scenario.kind === 'stream-send'
    this.#toCheck = Math.min(scenario.size > 256 * 1024 ? 2 : 16, warmUpOf(scenario) + scenario.count)
    if (scenario.kind === 'idle') idle.add(this)
    const accept = createHash('sha1')
      .update(key + GUID)
      .digest('base64')
    const compressed = scenario.compressed && /permessage-deflate/i.test(head)
    const extension = compressed ? 'Sec-WebSocket-Extensions: permessage-deflate\r\n' : ''
    this.#socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${extension}\r\n`,
    )
  }

  /** Reads frames, and returns how many bytes it took. The rest is shorter than a frame header. */
  #frames(bytes: Buffer): number {
    let position = 0
    for (;;) {
      if (this.#missing > 0) {
        const taken = Math.min(this.#missing, bytes.length - position)
        this.#pieces?.push(bytes.subarray(position, position + taken))
        this.#missing -= taken
        position += taken
        if (this.#missing > 0) return position
        this.#message()
      }
      if (position + 2 > bytes.length) return position
      const length = bytes[position + 1]! & 0x7f
      const header = length < 126 ? 6 : length === 126 ? 8 : 14
      if (position + header > bytes.length) return position
      this.#missing =
        length < 126 ? length : length === 126 ? bytes.readUInt16BE(position + 2) : bytes.readUInt32BE(position + 6)
      this.#first = bytes[position]!
      position += header
      const looksAt = !this.#counts || this.#received < this.#toCheck || (this.#first & 0x08) !== 0
      this.#pieces = looksAt ? [] : undefined
      if (looksAt) this.#key = Buffer.from(bytes.subarray(position - 4, position))
      if (this.#missing === 0) this.#message()
    }
  }

  /** Handles a complete frame, which is a complete message: no client here fragments. */
  #message(): void {
    const payload = this.#pieces === undefined ? undefined : unmask(Buffer.concat(this.#pieces), this.#key)
    this.#pieces = undefined
    const opcode = this.#first & 0x0f
    if (opcode === 8) {
      this.#socket.end(Buffer.concat([...this.#answers.splice(0), frame(0x88, payload!)]))
    } else if (opcode < 8 && this.#counts) {
      if (payload !== undefined) this.#check(payload)
      this.#count()
    } else if (opcode < 8) this.#answer(payload!)
  }

  #answer(payload: Buffer): void {
    const scenario = this.#scenario!
    if (scenario.kind === 'echo') {
      if (corrupts) payload[0]! ^= 1
      this.#answers.push(frame(this.#first, payload))
    } else if (scenario.kind === 'idle') {
      const news = frame(0x81, Buffer.from(messagesOf(scenario)[0] as string))
      if (corrupts) news[2]! ^= 1
      for (const peer of idle) peer.#socket.write(news)
    } else void this.#flood()
  }

  /** Compares the first messages with the expected ones, and sends "wrong" or "plain" (not compressed) if they differ. */
  #check(payload: Buffer): void {
    const scenario = this.#scenario!
    const compressed = (this.#first & 0x40) !== 0
    if (scenario.compressed && !compressed) return this.#tell('plain')
    this.#checked.push(payload)
    if (compressed) this.#checked.push(Buffer.from([0, 0, 0xff, 0xff]))
    if (this.#received + 1 < this.#toCheck) return
    const sent = Buffer.concat(this.#checked.splice(0))
    const messages = messagesOf(scenario)
    const expected = Buffer.concat(
      Array.from({ length: this.#toCheck }, (_, index) => Buffer.from(messages[index % messages.length] as string)),
    )
    if (corrupts) expected[0]! ^= 1
    if (!expected.equals(compressed ? inflate(sent) : sent)) this.#tell('wrong')
  }

  /** Sends "done" when all messages of the warm-up, and of the counted part, have arrived. */
  #count(): void {
    const { count } = this.#scenario!
    const warmUp = warmUpOf(this.#scenario!)
    this.#received++
    if (this.#received === warmUp || this.#received === warmUp + count) this.#tell('done')
  }

  #tell(text: string): void {
    this.#socket.write(frame(0x81, Buffer.from(text)))
  }

  /** Sends all messages of the scenario, for one message of the client, whatever its content. */
  async #flood(): Promise<void> {
    const scenario = this.#scenario!
    let promise = floods.get(scenario.name)
    if (promise === undefined) floods.set(scenario.name, (promise = makeFlood(scenario)))
    const { bytes, copies } = await promise
    const count = warmUpOf(scenario) + scenario.count
    // A flood is a whole number of rounds through the messages.
    let left = Math.ceil(count / messagesOf(scenario).length)
    while (left > 0 && !this.#socket.destroyed) {
      const now = Math.min(left, copies)
      left -= now
      const ready = this.#socket.write(now === copies ? bytes : bytes.subarray(0, (bytes.length / copies) * now))
      if (!ready) await new Promise(resolve => this.#socket.once('drain', resolve))
    }
  }
}

async function makeFlood(scenario: Scenario): Promise<Flood> {
  const frames = await framesOf(scenario)
  if (corrupts) frames[frames.length - 1]! ^= 1
  // Small messages: several rounds in one write.
  const copies = Math.max(1, Math.floor((512 * 1024) / frames.length))
  return { bytes: Buffer.concat(Array.from({ length: copies }, () => frames)), copies }
}

/** Empty if `bytes` is not valid DEFLATE data. */
function inflate(bytes: Buffer): Buffer {
  try {
    return inflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH })
  } catch {
    return Buffer.alloc(0)
  }
}

function unmask(payload: Buffer, key: Buffer): Buffer {
  for (let index = 0; index < payload.length; index++) payload[index]! ^= key[index & 3]!
  return payload
}
