import { expect } from 'chai'
import { type Arbitrary, boolean, constant, constantFrom, nat, oneof, option, record, string, tuple } from 'fast-check'
import { WebSocketError, type WebSocketOpenInfo, WebSocketStream } from '#lib/entry/node.js'
import { MemoryServer } from '../support/memory-server.ts'
import { turns } from '../support/turns.ts'
import { type Call, call, ignore } from './moves.ts'
import { perform, plays } from './play.ts'
import { type Property, property } from './property.ts'

/*
 * Any calls on a WebSocketStream and its two streams, at any moment, while a server does what it likes: both promises
 * settle, `opened` first; reading and writing come to an end; nothing is thrown but what is the caller's fault.
 */

/** What a user holds. */
interface Held {
  readonly stream: WebSocketStream
  readonly controller: AbortController
  reader: ReadableStreamDefaultReader<unknown> | undefined
  /**
   * None any more once it was closed: Node.js 20 throws an assertion of its own for a write after `close()`, on any
   * WritableStream.
   */
  writer: WritableStreamDefaultWriter<unknown> | undefined
  /** Each read and write: they have to come to an end. */
  readonly pending: Promise<unknown>[]
}

type StreamCall = Call<Held>

const closeInfo = record({
  closeCode: option(oneof(constantFrom(1000, 3000, 4999), nat(70_000)), { nil: undefined }),
  reason: option(oneof(string({ maxLength: 10 }), constant('\u20ac'.repeat(42))), { nil: '' }),
})

/** Why something is given up: a reason that says how to close, or any other. */
const reasons: Arbitrary<unknown> = oneof(
  constantFrom<unknown>(undefined, new Error('given up'), 'given up'),
  constant(new WebSocketError('given up', { closeCode: 3000, reason: 'given up' })),
)

const calls: Arbitrary<StreamCall> = oneof(
  {
    weight: 4,
    arbitrary: constant(
      call<Held>('read', ({ reader, pending }) => {
        if (reader !== undefined) pending.push(reader.read())
      }),
    ),
  },
  {
    weight: 4,
    arbitrary: tuple(boolean(), oneof(nat(300), constantFrom(70_000, 140_000, 300_000))).map(([isText, length]) =>
      call<Held>(`write ${isText ? 'text' : 'bytes'} of ${length}`, ({ writer, pending }) => {
        const chunk = isText ? 'y'.repeat(length) : new Uint8Array(length)
        if (writer !== undefined) pending.push(writer.write(chunk))
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: constant(
      call<Held>('write what cannot be sent', ({ writer, pending }) => {
        if (writer !== undefined) pending.push(writer.write(Symbol('no message')))
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: constant(
      call<Held>('close the writer', held => {
        if (held.writer === undefined) return
        held.pending.push(held.writer.close(), held.writer.closed)
        held.writer = undefined
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: reasons.map(reason =>
      call<Held>(`abort the writer: ${reason}`, ({ writer, pending }) => {
        if (writer !== undefined) pending.push(writer.abort(reason))
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: reasons.map(reason =>
      call<Held>(`cancel the reader: ${reason}`, ({ reader, pending }) => {
        if (reader !== undefined) pending.push(reader.cancel(reason))
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: closeInfo.map(info =>
      call<Held>(
        `close ${info.closeCode} ${info.reason}`,
        ({ stream }) => stream.close(info as { reason: string }),
        'InvalidAccessError',
        'SyntaxError',
        'TypeError',
      ),
    ),
  },
  { weight: 1, arbitrary: constant(call<Held>('abort the signal', ({ controller }) => controller.abort())) },
)

export const streamCalls: readonly Property[] = [
  property(
    'any calls on a WebSocketStream at any moment: everything settles, in order',
    400,
    plays(calls),
    async play => {
      const server = new MemoryServer()
      const controller = new AbortController()
      const stream = new WebSocketStream('ws://server.example/', {
        connect: server.client,
        closeTimeout: 0,
        signal: controller.signal,
      })
      const held: Held = { stream, controller, reader: undefined, writer: undefined, pending: [] }
      const settled: string[] = []
      const opened = stream.opened.then(
        (info: WebSocketOpenInfo) => {
          settled.push('opened')
          held.reader = (info.readable as ReadableStream<unknown>).getReader()
          held.writer = (info.writable as WritableStream<unknown>).getWriter()
          ignore(held.reader.closed)
          ignore(held.writer.closed)
          ignore(held.writer.ready)
        },
        () => settled.push('opened rejected'),
      )
      const closed = stream.closed.then(
        () => settled.push('closed'),
        () => settled.push('closed rejected'),
      )
      await perform(play, {
        server,
        target: held,
        settled: opened,
        look() {
          // A rejection that nobody has looked at by the end of a turn would end the process.
          for (const one of held.pending) ignore(one)
        },
        answered: () => turns(1),
      })
      // Each of these would hang for ever if something did not settle.
      await Promise.all([opened, closed])
      await Promise.allSettled(held.pending)
      await endsReading(held.reader)
      await held.writer?.closed.catch(() => {})
      expect(['opened,closed', 'opened,closed rejected', 'opened rejected,closed rejected']).to.include(settled.join())
    },
  ),
]

/** What was not read may be read to its end, or to the error. */
async function endsReading(reader: Held['reader']): Promise<void> {
  if (reader === undefined) return
  try {
    while (!(await reader.read()).done);
  } catch {
    // The connection was lost.
  }
}
