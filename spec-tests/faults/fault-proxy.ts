import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { HEADERS, Http2FrameReader } from '../support/http2-frames.ts'
import type { FaultKind } from './fault-kinds.ts'
import { endingResponse, endsStream, frameOf, NEXT_STREAM, STREAM } from './http2-faults.ts'
import { countMessages } from './message-count.ts'
import type { Direction, Schedule } from './schedule.ts'
import { type Way, ways } from './way.ts'

/** Milliseconds that a client has to leave after its `close` event. Longer than the 2 s that a server has for its FIN. */
const LEAVING_LIMIT = 5000

/** Passes on the bytes of one connection by a schedule. */
export class FaultProxy {
  readonly passed: Record<Direction, number> = { down: 0, up: 0 }
  readonly #schedule: Schedule
  readonly #way: Way
  readonly #port: number
  readonly #server = createServer({ allowHalfOpen: true, noDelay: true })
  #client: Socket | undefined
  #upstream: Socket | undefined
  #faultDone = false
  /** From then on bytes of this direction vanish. */
  readonly #vanishes: Record<Direction, boolean> = { down: false, up: false }
  #stalled = false
  #clientLeft!: () => void
  readonly #left = new Promise<void>(resolve => {
    this.#clientLeft = resolve
  })
  readonly #sentDown: Buffer[] = []
  readonly #frames = new Http2FrameReader('server')
  /** The client has opened its stream; the server has answered there. */
  #requested = false
  #responded = false
  /** The server has refused the stream before its response. */
  #refused = false

  /** @param port of what is behind it: the server, or a proxy */
  constructor(schedule: Schedule, way: Way, port: number) {
    this.#schedule = schedule
    this.#way = way
    this.#port = port
  }

  async listen(host: string): Promise<number> {
    this.#server.once('connection', client => this.#accept(client))
    await new Promise<void>(resolve => this.#server.listen(0, host, resolve))
    return (this.#server.address() as AddressInfo).port
  }

  /** Whether the client ends its connection in time. One that never came has left. */
  async leaving(): Promise<boolean> {
    const { secure, http2 } = ways[this.#way]
    if (this.#client === undefined || (secure && http2)) return true
    const limit = new AbortController()
    const late = sleep(LEAVING_LIMIT, false, { signal: limit.signal }).catch(() => false)
    const left = await Promise.race([this.#left.then(() => true), late])
    limit.abort()
    return left
  }

  get messages(): number | undefined {
    return countMessages(Buffer.concat(this.#sentDown), this.#way)
  }

  get refused(): boolean {
    return this.#refused
  }

  close(): void {
    this.#server.close()
    this.#client?.destroy()
    this.#upstream?.destroy()
  }

  #accept(client: Socket): void {
    this.#server.close()
    const upstream = connect({ port: this.#port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    this.#client = client
    this.#upstream = upstream
    client.on('error', () => {})
    upstream.on('error', () => {
      if (!this.#vanishes.down) client.resetAndDestroy()
    })
    client.once('end', this.#clientLeft)
    client.once('close', () => {
      this.#clientLeft()
      upstream.destroy()
    })
    if (ways[this.#way].http2) this.#watchStream(client)
    this.#relay('up', client, upstream)
    this.#relay('down', upstream, client)
    const { fault } = this.#schedule
    if (fault?.at === 0 && frameOf(fault.kind) === undefined) this.#strike()
  }

  /** A connection of HTTP/2 may stay for others: the client has left when its stream is over. */
  #watchStream(client: Socket): void {
    if (ways[this.#way].secure) return
    const reader = new Http2FrameReader('client')
    client.on('data', (bytes: Buffer) => {
      for (const frame of reader.read(bytes)) {
        if (frame.type === HEADERS && frame.stream === STREAM) this.#requested = true
        if (frame.stream === this.#stream && endsStream(frame)) this.#clientLeft()
      }
    })
  }

  /** The stream of the dialogue. */
  get #stream(): number {
    return this.#refused ? NEXT_STREAM : STREAM
  }

  #relay(direction: Direction, from: Socket, to: Socket): void {
    const passesFrames = direction === 'down' && frameOf(this.#schedule.fault?.kind) !== undefined
    let before: Promise<unknown> = Promise.resolve()
    from.on('data', (bytes: Buffer) => {
      before = before.then(() => (passesFrames ? this.#passFrames(bytes, to) : this.#pass(direction, bytes, to)))
    })
    from.on('end', () => {
      before = before.then(() => {
        const withheld = this.#schedule.fault?.kind === 'withheld-end' && direction === 'down'
        if (!this.#vanishes[direction] && !withheld) to.end()
      })
    })
  }

  async #pass(direction: Direction, bytes: Buffer, to: Socket): Promise<void> {
    const { delay = 0, piece = Number.POSITIVE_INFINITY, stall, fault } = this.#schedule
    if (delay > 0) await sleep(delay)
    for (let rest = bytes; rest.length > 0; ) {
      if (this.#vanishes[direction]) return
      const at = this.passed[direction]
      let size = Math.min(piece, rest.length)
      if (stall?.direction === direction && !this.#stalled) {
        if (at === stall.at) {
          this.#stalled = true
          await sleep(stall.time)
        } else if (at < stall.at) size = Math.min(size, stall.at - at)
      }
      if (fault?.direction === direction && !this.#faultDone && at < fault.at) size = Math.min(size, fault.at - at)
      // A connection may have struck meanwhile.
      if (this.#vanishes[direction]) return
      const part = rest.subarray(0, size)
      rest = rest.subarray(size)
      this.#forward(direction, part, to)
      if (fault?.direction === direction && this.passed[direction] === fault.at) this.#strike()
      if (rest.length > 0) await turn()
    }
  }

  /** Passes on what the server sends frame by frame, and one of ours among them. */
  async #passFrames(bytes: Buffer, client: Socket): Promise<void> {
    const { delay = 0, fault } = this.#schedule
    const { at, kind } = fault!
    if (delay > 0) await sleep(delay)
    for (const frame of this.#frames.read(bytes)) {
      const isResponse = frame.type === HEADERS && frame.stream === STREAM
      if (!this.#faultDone && this.passed.down >= at && this.#maySend(kind, isResponse)) {
        this.#faultDone = true
        if (isResponse && kind === 'stream-end') {
          this.#forward('down', endingResponse(frame), client)
          continue
        }
        client.write(frameOf(kind)!)
        this.#refused = kind === 'stream-refused' && !this.#responded
        // RST_STREAM ends both directions.
        if (kind.startsWith('stream-') && kind !== 'stream-end' && !this.#refused) this.#clientLeft()
        if (kind === 'go-away-error') {
          this.#vanishes.up = true
          this.#vanishes.down = true
          client.end()
          this.#upstream!.resetAndDestroy()
        }
      }
      if (this.#vanishes.down) return
      const isOver = this.#faultDone && kind !== 'go-away'
      if (!(isOver && frame.stream === STREAM)) this.#forward('down', frame.bytes, client)
      if (isResponse) this.#responded = true
    }
  }

  /**
   * Whether a server may send the frame of a fault here: none of a stream that the client has not opened, and no end of the
   * stream before its response.
   */
  #maySend(kind: FaultKind, isResponse: boolean): boolean {
    if (!kind.startsWith('stream-')) return true
    return this.#requested && (kind !== 'stream-end' || this.#responded || isResponse)
  }

  #forward(direction: Direction, bytes: Buffer, to: Socket): void {
    to.write(bytes)
    this.passed[direction] += bytes.length
    if (direction === 'down') this.#sentDown.push(bytes)
  }

  #strike(): void {
    const { kind, direction } = this.#schedule.fault!
    if (this.#faultDone || kind === 'withheld-end') return
    this.#faultDone = true
    const client = this.#client!
    const upstream = this.#upstream!
    if (kind === 'server-end') {
      this.#vanishes.up = true
      upstream.end()
      return
    }
    if (kind === 'half-open') {
      this.#vanishes[direction] = true
      return
    }
    this.#vanishes.up = true
    this.#vanishes.down = true
    if (kind === 'black-hole') return
    if (kind === 'reset') {
      // While Node.js ends its side of a connection, it cannot reset it: the error leaves the connection open.
      if (!client.writableEnded) client.resetAndDestroy()
      // Node.js would wait for what it still writes.
      client.destroy()
    } else if (kind === 'close') client.destroySoon()
    else {
      if (kind === 'garbage') client.write(Buffer.from([0xff, 0xfe, 0x00, 0x13, 0x37]))
      // Record type 21, TLS 1.2, two bytes: fatal, handshake_failure (RFC 8446 section 6).
      if (kind === 'alert') client.write(Buffer.from([21, 3, 3, 0, 2, 2, 40]))
      client.end()
    }
    upstream.resetAndDestroy()
  }
}
