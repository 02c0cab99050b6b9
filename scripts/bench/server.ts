/**
 * The server: frames that are made beforehand, or counted, or sent back, by a few lines over TCP, so that it is never
 * what a measurement waits for. It takes a scenario's name as the path, prints its ports, and ends with its parent.
 */
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { constants, inflateRawSync } from 'node:zlib'
import { generate } from 'selfsigned'
import { frame, framesOf, messagesOf } from './payloads.ts'
import { type Scenario, scenarios } from './scenarios.ts'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
/** So many of the messages that a client sends are compared. */
const CHECKED = 2
const blocks = new Map<string, Promise<Buffer>>()

/** One connection: reads a request, then client frames. */
class Peer {
  readonly #socket: Socket
  #scenario: Scenario | undefined
  #rest: Buffer = Buffer.alloc(0)
  #received = 0
  readonly #checked: Buffer[] = []
  /** Set while a large payload is skipped or collected. */
  #skip = 0

  constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', chunk => this.#data(chunk))
    socket.on('error', () => {})
  }

  #data(chunk: Buffer): void {
    if (this.#skip >= chunk.length && this.#rest.length === 0) {
      this.#skip -= chunk.length
      if (this.#skip === 0) this.#count()
      return
    }
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    if (this.#scenario === undefined) this.#handshake()
    else this.#frames()
  }

  #handshake(): void {
    const end = this.#rest.indexOf('\r\n\r\n')
    if (end < 0) return
    const head = this.#rest.toString('latin1', 0, end)
    this.#rest = this.#rest.subarray(end + 4)
    const name = decodeURIComponent(/^GET \/(\S*)/.exec(head)?.[1] ?? '')
    const key = /sec-websocket-key: *(\S+)/i.exec(head)?.[1] ?? ''
    this.#scenario = scenarios.find(scenario => scenario.name === name)
    const accept = createHash('sha1')
      .update(key + GUID)
      .digest('base64')
    const compressed = this.#scenario?.compressed && /permessage-deflate/i.test(head)
    const extension = compressed ? 'Sec-WebSocket-Extensions: permessage-deflate\r\n' : ''
    this.#socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${extension}\r\n`,
    )
  }

  #frames(): void {
    let position = 0
    const bytes = this.#rest
    const answers: Buffer[] = []
    for (;;) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, bytes.length - position)
        this.#skip -= skipped
        position += skipped
        if (this.#skip > 0) break
        this.#count()
      }
      if (position + 2 > bytes.length) break
      let length = bytes[position + 1]! & 0x7f
      const header = length < 126 ? 6 : length === 126 ? 8 : 14
      if (position + header > bytes.length) break
      if (length === 126) length = bytes.readUInt16BE(position + 2)
      else if (length === 127) length = bytes.readUInt32BE(position + 6)
      const opcode = bytes[position]! & 0x0f
      const start = position + header
      const whole = start + length <= bytes.length
      if (opcode === 8) {
        if (!whole) break
        this.#socket.end(Buffer.concat([...answers, frame(0x88, unmask(bytes, start, length))]))
        return
      }
      const counts = this.#scenario!.kind === 'send' || this.#scenario!.kind === 'stream-send'
      if (counts && this.#received < CHECKED) {
        if (!whole) break
        this.#check(bytes[position]!, unmask(bytes, start, length))
        position = start + length
        this.#count()
        continue
      }
      if (counts) {
        // Counted, not looked at.
        position = start
        this.#skip = length
        if (length === 0) this.#count()
        continue
      }
      if (!whole) break
      const payload = unmask(bytes, start, length)
      position = start + length
      if (this.#scenario!.kind === 'echo') answers.push(frame(bytes[position - length - header]!, payload))
      else void this.#flood()
    }
    this.#rest = bytes.subarray(position)
    if (answers.length > 0) this.#socket.write(answers.length === 1 ? answers[0]! : Buffer.concat(answers))
  }

  /** Compares the first messages with what they must be, and hangs up on a client that sent something else. */
  #check(first: number, payload: Buffer): void {
    this.#checked.push(first & 0x40 ? Buffer.concat([payload, Buffer.from([0, 0, 0xff, 0xff])]) : payload)
    if (this.#checked.length < CHECKED) return
    const sent = Buffer.concat(this.#checked)
    const received = first & 0x40 ? inflateRawSync(sent, { finishFlush: constants.Z_SYNC_FLUSH }) : sent
    const messages = messagesOf(this.#scenario!)
    const expected = Buffer.concat(
      Array.from({ length: CHECKED }, (_, index) => Buffer.from(messages[index % messages.length] as string)),
    )
    if (!received.equals(expected)) this.#socket.destroy()
  }

  /** Tells the client when all that it counts have come. */
  #count(): void {
    const { count } = this.#scenario!
    this.#received++
    if (this.#received === Math.ceil(count / 10) || this.#received === Math.ceil(count / 10) + count) {
      this.#socket.write(frame(0x81, Buffer.from('done')))
    }
  }

  /** Any message asks for all that the scenario counts. */
  async #flood(): Promise<void> {
    const scenario = this.#scenario!
    const count = Math.ceil(scenario.count / 10) + scenario.count
    let promise = blocks.get(scenario.name)
    if (promise === undefined) blocks.set(scenario.name, (promise = framesOf(scenario)))
    const block = await promise
    const perBlock = messagesOf(scenario).length
    // Whole blocks, several in one write if they are small.
    const copies = Math.max(1, Math.floor((256 * 1024) / block.length))
    const large = Buffer.concat(Array.from({ length: copies }, () => block))
    let left = Math.ceil(count / perBlock)
    while (left > 0 && !this.#socket.destroyed) {
      const now = Math.min(left, copies)
      left -= now
      const ready = this.#socket.write(now === copies ? large : large.subarray(0, now * block.length))
      if (!ready) await new Promise(resolve => this.#socket.once('drain', resolve))
    }
  }
}

function unmask(bytes: Buffer, start: number, length: number): Buffer {
  const payload = Buffer.allocUnsafe(length)
  for (let index = 0; index < length; index++) payload[index] = bytes[start + index]! ^ bytes[start - 4 + (index & 3)]!
  return payload
}

const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
  extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
})
const plain = createServer({ pauseOnConnect: false }, socket => void new Peer(socket))
const secure = createTlsServer({ cert, key }, socket => void new Peer(socket))
const ports = await Promise.all(
  [plain, secure].map(
    server =>
      new Promise<number>(resolve => {
        server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () =>
          resolve((server.address() as AddressInfo).port),
        )
      }),
  ),
)
process.on('disconnect', () => process.exit())
process.send?.({ ports, certificate: cert })
