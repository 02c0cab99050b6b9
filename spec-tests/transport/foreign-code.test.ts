import { createHash } from 'node:crypto'
import { connect as connectTcp } from 'node:net'
import { expect } from 'chai'
import { type Pipe, type PipeSink, WebSocket } from '#lib/entry/node.js'
import { nodePlatform } from '#lib/platform/node.js'
import { Connection } from '#lib/protocol/connection.js'
import type { DeflateParameters } from '#lib/protocol/extensions.js'
import { compress } from '../support/compress.ts'
import { short } from '../support/frame-recorder.ts'
import { noise } from '../support/noise.ts'
import { BINARY, CONTINUATION, frame, TEXT } from '../support/raw-server.ts'
import { OwnerRecorder, parseClientFrames, ScriptedPipe } from '../support/scripted-pipe.ts'
import { ServerDeflate } from '../support/server-deflate.ts'
import { next, useLoopback } from '../support/ws-server.ts'

/*
 * A transport is foreign code: what it does within a call, such as to send on another connection, must leave every
 * connection as it was.
 */

const KIB = 1024
const RSV1 = 0x40

function describeBytes(opcode: number, bytes: Buffer): string {
  return `opcode ${opcode}, ${bytes.length} bytes, ${createHash('sha1').update(bytes).digest('hex')}`
}

/** A pipe that does something in every call, and holds the library to what it lends. */
class BusyPipe extends ScriptedPipe {
  readonly received: Buffer[] = []
  readonly #givesBack: boolean
  readonly #act: () => void
  #waiting: { readonly bytes: Uint8Array; readonly copy: Buffer }[] = []
  /** Bytes that were written over while they were lent. */
  spoilt = 0

  constructor(givesBack: boolean, act: () => void) {
    super()
    this.#givesBack = givesBack
    this.#act = act
  }

  get givesBack(): boolean {
    this.#act?.()
    return this.#givesBack
  }

  override write(bytes: Uint8Array): boolean {
    const copy = Buffer.from(bytes)
    this.received.push(copy)
    this.#waiting.push({ bytes, copy })
    this.#act()
    if (this.ready) this.#check()
    return this.ready
  }

  override pause(): void {
    this.#act()
  }

  override resume(): void {
    this.#act()
  }

  override end(): void {
    this.#act()
  }

  override abort(): void {
    this.#act()
  }

  drain(): void {
    this.ready = true
    this.#check()
    this.sink.drain()
  }

  #check(): void {
    for (const { bytes, copy } of this.#waiting) if (!copy.equals(bytes)) this.spoilt++
    this.#waiting = []
  }
}

/** One connection, with what was sent on it, and what was given to it to read. */
class Actor extends OwnerRecorder {
  readonly pipe: BusyPipe
  readonly connection: Connection
  readonly deflate: DeflateParameters | undefined
  readonly sent: string[] = []
  readonly expected: string[] = []
  /** Whether it is in the middle of a call: what it sent then would have no certain place in the order. */
  isBusy = false

  constructor(deflate: DeflateParameters | undefined, givesBack: boolean, act: () => void) {
    super()
    this.deflate = deflate
    this.pipe = new BusyPipe(givesBack, act)
    const settings = { threshold: 64, level: 1, memLevel: 1 }
    this.connection = new Connection(
      nodePlatform,
      this.pipe,
      this,
      { maxPayload: 0, maxFragments: 0, perMessageDeflate: deflate === undefined ? undefined : settings },
      deflate,
    )
  }

  sendText(text: string): void {
    this.sent.push(describeBytes(TEXT, Buffer.from(text)))
    this.connection.sendText(text)
  }

  sendBinary(bytes: Buffer): void {
    this.sent.push(describeBytes(BINARY, bytes))
    this.connection.sendBinary(bytes)
  }

  read(text: string): void {
    this.expected.push(`text ${short(text)}`)
    const isCompressed = this.deflate !== undefined
    const payload = isCompressed ? compress(text) : Buffer.from(text)
    const half = payload.length >> 1
    this.pipe.receive(
      frame(TEXT, payload.subarray(0, half), { fin: false, rsv: isCompressed ? 4 : 0 }),
      frame(CONTINUATION, payload.subarray(half)),
    )
  }

  /** The messages that have left, as lines. */
  async received(): Promise<string[]> {
    const lines: string[] = []
    const server = new ServerDeflate(this.deflate ?? {})
    let payloads: Buffer[] = []
    let first = 0
    for (const part of parseClientFrames(Buffer.concat(this.pipe.received))) {
      if (part.opcode >= 8) continue
      if (part.opcode !== CONTINUATION) first = part.first
      payloads.push(part.payload)
      if ((part.first & 0x80) === 0) continue
      const payload = Buffer.concat(payloads)
      payloads = []
      const bytes = (first & RSV1) === 0 ? payload : await server.inflate(payload)
      lines.push(describeBytes(first & 15, bytes))
    }
    server.close()
    return lines
  }
}

const agreed = (isFresh: boolean): DeflateParameters => ({
  serverNoContextTakeover: true,
  clientNoContextTakeover: isFresh,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
})

/** Connections of every kind whose pipes, in every call, do something with one of the others. */
class Troupe {
  readonly actors: Actor[] = []
  #state: number
  #depth = 0
  #left = 600

  constructor(seed: number) {
    this.#state = seed
    const kinds = [undefined, agreed(false), agreed(true)]
    for (const deflate of kinds) {
      for (const givesBack of [true, false]) {
        this.actors.push(new Actor(deflate, givesBack, () => this.#act()))
      }
    }
  }

  random(below: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0
    return Math.floor((this.#state / 2 ** 32) * below)
  }

  /** Has an actor do something. */
  play(actor: Actor): void {
    actor.isBusy = true
    this.#play(actor)
    actor.isBusy = false
  }

  #play(actor: Actor): void {
    const kind = this.random(8)
    const size = this.random(3) === 0 ? this.random(126 * KIB) : this.random(2000)
    if (kind === 0) actor.sendText('x\u20ac'.repeat(size / 4))
    else if (kind === 1) actor.sendText('x'.repeat(size))
    else if (kind === 2) actor.connection.ping(noise(100, size))
    else if (kind === 3) actor.read(`${size} `.repeat(size / 5))
    else if (kind === 4 && this.random(4) === 0 && actor.deflate === undefined) actor.sendBinary(noise(5_000_000, size))
    // About as long as what goes into one frame whole, and a little longer once it is compressed.
    else if (kind === 5) actor.sendBinary(noise(128 * KIB - 1, size))
    else if (kind === 6) actor.connection.flush()
    else actor.sendBinary(Buffer.concat([noise(size / 2, size), Buffer.alloc(size / 2, `${size}`)]))
  }

  #act(): void {
    if (this.#depth === 3 || this.#left === 0) return
    this.#depth++
    this.#left--
    for (let count = this.random(3); count > 0; count--) {
      const others = this.actors.filter(({ isBusy }) => !isBusy)
      this.play(others[this.random(others.length)]!)
    }
    this.#depth--
  }

  end(): void {
    this.#left = 0
    for (const actor of this.actors) {
      actor.pipe.drain()
      actor.connection.flush()
      for (; actor.turnsOwed > 0; actor.turnsOwed--) actor.connection.continueReading()
    }
  }
}

describe('a transport that does something else within a call', function () {
  // A machine with much else to do is slow, and that is no failure.
  this.timeout(60_000)

  it('leaves what other connections send, compress and read as it is', async () => {
    for (const seed of [1, 2]) {
      const troupe = new Troupe(seed)
      for (let round = 0; round < 150; round++) {
        const actor = troupe.actors[troupe.random(troupe.actors.length)]!
        if (troupe.random(20) === 0) actor.pipe.ready = false
        troupe.play(actor)
        if (troupe.random(10) === 0) actor.pipe.drain()
      }
      troupe.end()
      for (const [index, actor] of troupe.actors.entries()) {
        expect(await actor.received(), `${index} has sent`).to.deep.equal(actor.sent)
        expect(actor.events.filter(event => event !== 'drained')).to.deep.equal(actor.expected)
        expect(actor.pipe.spoilt).to.equal(0)
      }
    }
  })

  it('may send on its own connection, also in the middle of a large message', async () => {
    for (const isLarge of [false, true]) {
      let left = 8
      const actor: Actor = new Actor(undefined, true, () => {
        if (left === 0) return
        left--
        actor.sendText(`own ${left}`)
        if (isLarge) actor.sendBinary(noise(4_000_000, left))
        actor.connection.flush()
      })
      actor.sendBinary(noise(5_000_000))
      actor.sendText('x'.repeat(5_000_000))
      actor.connection.flush()
      actor.connection.flush()
      expect((await actor.received()).sort()).to.deep.equal([...actor.sent].sort())
      expect(actor.pipe.spoilt).to.equal(0)
    }
  })

  it('may close within a write', async () => {
    const other = new Actor(undefined, true, () => {})
    for (let round = 0; round < 20; round++) {
      let left = round % 4
      const actor: Actor = new Actor(undefined, true, () => {
        if (left-- === 0) actor.pipe.sink.close()
      })
      for (let count = 0; count < 5; count++) actor.sendBinary(noise(600_000))
      other.sendText('between')
      actor.connection.flush()
      // What was lent to the one is lent to the other now, once.
      other.pipe.ready = false
      for (let count = 0; count < 5; count++) other.sendBinary(noise(600_000, round))
      other.connection.flush()
      other.pipe.drain()
    }
    expect(await other.received()).to.deep.equal(other.sent)
    expect(other.pipe.spoilt).to.equal(0)
  })

  describe('over sockets', () => {
    const loopback = useLoopback()

    it('a WebSocket within a WebSocket, both compressed', async () => {
      const inside = await loopback.serve({ perMessageDeflate: true })
      const around = await loopback.serve({ perMessageDeflate: true })
      const outer = new WebSocket(around.url)
      outer.binaryType = 'arraybuffer'
      const { socket: relay } = await around.accept()
      const tcp = connectTcp(inside.port, '127.0.0.1')
      relay.on('message', data => tcp.write(data as Buffer))
      tcp.on('data', data => relay.send(data))
      tcp.on('error', () => {})
      tcp.on('close', () => relay.close())
      relay.on('close', () => tcp.destroy())
      if (outer.readyState !== WebSocket.OPEN) await next(outer, 'open')
      const pipe: Pipe = {
        start(sink: PipeSink) {
          outer.addEventListener('message', ({ data }) => sink.data(new Uint8Array(data as ArrayBuffer)))
          outer.addEventListener('close', () => sink.close())
        },
        write(bytes) {
          outer.send(bytes as Uint8Array<ArrayBuffer>)
          return true
        },
        end: () => outer.close(),
        abort: () => outer.close(),
        pause() {},
        resume() {},
        buffered: 0,
      }
      const inner = new WebSocket('ws://inside.example/', { connect: () => pipe })
      const peer = await inside.accept()
      if (inner.readyState !== WebSocket.OPEN) await next(inner, 'open')
      // A third one writes in between, so that the memory for frames is handed round.
      const third = new WebSocket(inside.url, { perMessageDeflate: false })
      const neighbour = await inside.accept()
      if (third.readyState !== WebSocket.OPEN) await next(third, 'open')
      const sent: Buffer[] = []
      for (let index = 0; index < 120; index++) {
        const payload = Buffer.concat([noise(30_000, index), Buffer.alloc(30_000, `abc${index}`)])
        sent.push(payload)
        inner.send(payload)
        third.send(`third ${index}`)
      }
      const lost = next(inner, 'close').then(() => expect.fail('the connection was lost'))
      lost.catch(() => {})
      for (const payload of sent) {
        const { data } = await Promise.race([peer.message(), lost])
        expect(data.equals(payload)).to.equal(true)
      }
      for (let index = 0; index < 120; index++) expect((await neighbour.message()).text).to.equal(`third ${index}`)
      const closed = [inner, third, outer].map(socket => next(socket, 'close'))
      for (const socket of [inner, third]) socket.close()
      await Promise.all(closed)
    })
  })
})
