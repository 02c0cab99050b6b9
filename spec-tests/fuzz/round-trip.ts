import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import {
  type Arbitrary,
  array,
  boolean,
  constant,
  constantFrom,
  integer,
  nat,
  oneof,
  option,
  record,
  string,
  uint8Array,
} from 'fast-check'
import { type PerMessageDeflateOptions as ServerDeflate, type WebSocket as ServerSocket, WebSocketServer } from 'ws'
import { WebSocket, type WebSocketOptions } from '#lib/entry/node.js'
import { noise } from '../support/noise.ts'
import { codePoint } from './code-point.ts'
import { type Property, property } from './property.ts'

/*
 * What goes to a server of another make comes back as it was, in order: any messages, whole or in fragments, with any
 * settings for compression on both sides.
 */

interface Message {
  readonly content: string | Uint8Array
  /** The server sends it back in pieces of these sizes, and a last one. */
  readonly pieces: readonly number[]
  readonly compressBack: boolean
}

const content: Arbitrary<string | Uint8Array> = oneof(
  { weight: 4, arbitrary: string({ unit: codePoint, maxLength: 60 }) },
  { weight: 4, arbitrary: uint8Array({ maxLength: 60 }) },
  { weight: 2, arbitrary: integer({ min: 100, max: 400 }).map(length => '\u20ac\u{1f600}x'.repeat(length)) },
  { weight: 1, arbitrary: constantFrom(125, 126, 65_535, 65_536).map(length => 'x'.repeat(length)) },
  {
    weight: 1,
    arbitrary: constantFrom(16_384, 65_536, 131_072, 300_000).map(length => noise(length)),
  },
)

const message: Arbitrary<Message> = record({
  content,
  pieces: oneof(constant([]), array(nat(40), { maxLength: 4 })),
  compressBack: boolean(),
})

const windowBits = constantFrom(9, 10, 12, 15)

const ours: Arbitrary<WebSocketOptions['perMessageDeflate']> = oneof(
  boolean(),
  record(
    {
      threshold: constantFrom(0, 1, 64, 1000),
      level: integer({ min: 1, max: 9 }),
      memLevel: integer({ min: 1, max: 9 }),
      serverNoContextTakeover: boolean(),
      clientNoContextTakeover: boolean(),
      serverMaxWindowBits: windowBits,
      clientMaxWindowBits: oneof(boolean(), windowBits),
    },
    { requiredKeys: [] },
  ),
)

const theirs: Arbitrary<boolean | ServerDeflate> = oneof(
  boolean(),
  record(
    {
      threshold: constantFrom(0, 100),
      // With false, ws refuses who asks for it.
      serverNoContextTakeover: constant(true),
      clientNoContextTakeover: constant(true),
      serverMaxWindowBits: windowBits,
    },
    { requiredKeys: [] },
  ),
)

const conversation = record({
  ours,
  theirs,
  messages: array(message, { minLength: 1, maxLength: 6 }),
  /** In one turn, or each when the one before has come back. */
  atOnce: boolean(),
  reason: option(string({ maxLength: 20 }), { nil: '' }),
})

export const roundTrip: readonly Property[] = [
  property('messages come back from a ws server as they were', 40, conversation, async plan => {
    const server = await EchoServer.start(agreeable(plan.theirs, plan.ours), plan.messages)
    try {
      const socket = new WebSocket(server.url, { perMessageDeflate: plan.ours ?? false })
      socket.binaryType = 'arraybuffer'
      const events: string[] = []
      const back: (string | Uint8Array)[] = []
      const send = (index: number): void => socket.send(plan.messages[index]!.content as Uint8Array<ArrayBuffer>)
      socket.addEventListener('open', () => {
        events.push('open')
        if (plan.atOnce) for (const index of plan.messages.keys()) send(index)
        else send(0)
      })
      socket.addEventListener('message', ({ data }) => {
        back.push(typeof data === 'string' ? data : new Uint8Array(data))
        if (back.length === plan.messages.length) socket.close(3000, plan.reason)
        else if (!plan.atOnce) send(back.length)
      })
      socket.addEventListener('error', () => events.push('error'))
      await new Promise<void>(resolve => {
        socket.addEventListener('close', ({ code, reason, wasClean }) => {
          events.push(`close ${code} ${wasClean} ${reason}`)
          resolve()
        })
      })
      const sent = plan.messages.map(({ content: one }) => (typeof one === 'string' ? asSent(one) : one))
      expect(back).to.deep.equal(sent)
      expect(server.received).to.deep.equal(sent)
      const reason = asSent(plan.reason)
      expect(events).to.deep.equal(['open', `close 3000 true ${reason}`])
      expect(await server.closed).to.deep.equal([3000, reason])
      expect(socket.bufferedAmount).to.equal(0)
    } finally {
      await server.stop()
    }
  }),
]

/** A lone surrogate goes out as U+FFFD. */
function asSent(text: string): string {
  return Buffer.from(text).toString()
}

/** A server with a larger window than it is asked for refuses the whole handshake. */
function agreeable(settings: boolean | ServerDeflate, asked: WebSocketOptions['perMessageDeflate']): typeof settings {
  const limit = typeof asked === 'object' ? asked.serverMaxWindowBits : undefined
  if (typeof settings === 'boolean' || limit === undefined || settings.serverMaxWindowBits === undefined)
    return settings
  return { ...settings, serverMaxWindowBits: Math.min(limit, settings.serverMaxWindowBits) }
}

class EchoServer {
  readonly received: (string | Uint8Array)[] = []
  readonly closed: Promise<[code: number, reason: string]>
  readonly #http = createServer()
  readonly #server: WebSocketServer

  static async start(deflate: boolean | ServerDeflate, plan: readonly Message[]): Promise<EchoServer> {
    const server = new EchoServer(deflate, plan)
    await new Promise<void>(resolve => server.#http.listen(0, '127.0.0.1', resolve))
    return server
  }

  constructor(perMessageDeflate: boolean | ServerDeflate, plan: readonly Message[]) {
    this.#server = new WebSocketServer({ server: this.#http, perMessageDeflate })
    this.closed = new Promise(resolve => {
      this.#server.on('connection', socket => {
        socket.on('message', (data: Buffer, isBinary) => {
          const index = this.received.length
          this.received.push(isBinary ? new Uint8Array(data) : data.toString())
          sendBack(socket, data, isBinary, plan[index]!)
        })
        socket.on('close', (code, reason) => resolve([code, reason.toString()]))
      })
    })
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#http.address() as AddressInfo).port}/`
  }

  async stop(): Promise<void> {
    for (const socket of this.#server.clients) socket.terminate()
    await new Promise(resolve => this.#http.close(resolve))
  }
}

function sendBack(socket: ServerSocket, data: Buffer, binary: boolean, { pieces, compressBack }: Message): void {
  let at = 0
  for (const [index, size] of [...pieces, data.length].entries()) {
    const fin = index === pieces.length
    socket.send(data.subarray(at, fin ? undefined : at + size), { binary, fin, compress: compressBack })
    at += size
  }
}
