import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import type { Direction, Schedule } from './schedule.ts'

/** Milliseconds that a client has to leave after its `close` event. Longer than the 2 s that a server has for its FIN. */
const LEAVING_LIMIT = 5000

/** Passes on the bytes of one connection by a schedule. */
export class FaultProxy {
  readonly passed: Record<Direction, number> = { down: 0, up: 0 }
  readonly #schedule: Schedule
  readonly #secure: boolean
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
  #sentDown: Buffer[] = []

  /** @param port of the server behind it */
  constructor(schedule: Schedule, secure: boolean, port: number) {
    this.#schedule = schedule
    this.#secure = secure
    this.#port = port
  }

  async listen(): Promise<number> {
    this.#server.once('connection', client => this.#accept(client))
    await new Promise<void>(resolve => this.#server.listen(0, '127.0.0.1', resolve))
    return (this.#server.address() as AddressInfo).port
  }

  /** Whether the client ends its connection in time. One that never came has left. */
  async leaving(): Promise<boolean> {
    if (this.#client === undefined) return true
    const limit = new AbortController()
    const late = sleep(LEAVING_LIMIT, false, { signal: limit.signal }).catch(() => false)
    const left = await Promise.race([this.#left.then(() => true), late])
    limit.abort()
    return left
  }

  get messages(): number | undefined {
    return this.#secure ? undefined : countMessages(Buffer.concat(this.#sentDown))
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
    upstream.on('error', () => {})
    client.once('end', this.#clientLeft)
    client.once('close', () => {
      this.#clientLeft()
      upstream.destroy()
    })
    this.#relay('up', client, upstream)
    this.#relay('down', upstream, client)
    if (this.#schedule.fault?.at === 0) this.#strike()
  }

  #relay(direction: Direction, from: Socket, to: Socket): void {
    let before: Promise<unknown> = Promise.resolve()
    from.on('data', (bytes: Buffer) => {
      before = before.then(() => this.#pass(direction, bytes, to))
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
      to.write(part)
      this.passed[direction] += size
      if (direction === 'down' && !this.#secure) this.#sentDown.push(part)
      if (fault?.direction === direction && this.passed[direction] === fault.at) this.#strike()
      if (rest.length > 0) await turn()
    }
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
      client.resetAndDestroy()
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

/** Whole data messages behind the head of a response. The server fragments nothing. */
function countMessages(bytes: Buffer): number {
  const headEnd = bytes.indexOf('\r\n\r\n')
  let count = 0
  for (let at = headEnd < 0 ? bytes.length : headEnd + 4; at + 2 <= bytes.length; ) {
    const short = bytes[at + 1]!
    if (short === 126 && at + 4 > bytes.length) break
    const end = short === 126 ? at + 4 + bytes.readUInt16BE(at + 2) : at + 2 + short
    if (end > bytes.length) break
    if ((bytes[at]! & 15) < 8) count++
    at = end
  }
  return count
}
