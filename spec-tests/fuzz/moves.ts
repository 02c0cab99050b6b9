import { expect } from 'chai'
import { type Arbitrary, boolean, constant, constantFrom, integer, nat, oneof, toStringMethod } from 'fast-check'
import { extensionLines, type MemoryServer } from '../support/memory-server.ts'
import { BINARY, CLOSE, closeBody, frame, PING, TEXT } from '../support/raw-server.ts'
import { turns } from '../support/turns.ts'
import { anyStream } from './server-stream.ts'

/** What stands in the report. */
interface Shown {
  readonly text: string
  [toStringMethod](): string
}

function shown<Body extends { readonly text: string }>(body: Body): Body & Shown {
  return { ...body, [toStringMethod]: () => body.text }
}

/** A call of the user's. */
export interface Call<Target> extends Shown {
  /** Throws what it must not throw. */
  make(target: Target): void
}

/** @param mayThrow the names of the errors that are the caller's fault */
export function call<Target>(text: string, run: (target: Target) => unknown, ...mayThrow: string[]): Call<Target> {
  return shown({
    text,
    make(target: Target) {
      try {
        run(target)
      } catch (error) {
        expect(mayThrow, `${text} threw ${error}`).to.include((error as Error).name)
      }
    },
  })
}

/** A promise of which only matters that it is there. */
export function ignore(promise: Promise<unknown>): void {
  promise.catch(() => {})
}

/** Something that the server does, or that time does. */
export interface Move extends Shown {
  run(server: MemoryServer): unknown
}

const move = (text: string, run: (server: MemoryServer) => unknown): Move => shown({ text, run })
const send = (text: string, ...frames: Uint8Array[]): Move =>
  move(text, server => {
    for (const bytes of frames) server.send(bytes)
  })
const fixed = (...moves: Move[]): Arbitrary<Move> => constantFrom(...moves)

const messages = (count: number): Buffer[] =>
  Array.from({ length: count }, (_, index) => frame(index % 2 === 0 ? TEXT : BINARY, `${index}`))

/** More than may wait to be given out. */
const manyBytes = Array.from({ length: 24 }, () => frame(BINARY, new Uint8Array(64 * 1024)))

export const moves: Arbitrary<Move> = oneof(
  { weight: 8, arbitrary: integer({ min: 1, max: 4 }).map(count => move(`${count} turns`, () => turns(count))) },
  { weight: 4, arbitrary: fixed(move('a microtask', () => Promise.resolve())) },
  { weight: 3, arbitrary: anyStream.map(({ bytes }) => send(`bytes ${bytes.toString('hex')}`, bytes)) },
  { weight: 6, arbitrary: nat(5).map(count => send(`${count} messages`, Buffer.concat(messages(count)))) },
  { weight: 1, arbitrary: fixed(send('1.5 MiB', ...manyBytes)) },
  {
    weight: 3,
    arbitrary: constantFrom(1000, 1001, 3000).map(code => send(`Close ${code}`, frame(CLOSE, closeBody(code, 'bye')))),
  },
  {
    weight: 7,
    arbitrary: fixed(
      send('a ping', frame(PING, 'p')),
      send('an empty Close', frame(CLOSE)),
      move('FIN', server => server.end()),
      move('a reset', server => server.abort()),
      move('the server does not read', server => server.pause()),
      move('the server does not read, still', server => server.pause()),
      move('the server reads again', server => server.resume()),
    ),
  },
)

/** How the server answers the handshake. */
export const answers: Arbitrary<Move> = oneof(
  { weight: 6, arbitrary: constant(move('101', server => server.send(server.acceptance()))) },
  {
    weight: 4,
    arbitrary: boolean().map(serverNoContextTakeover =>
      move('101 with compression', server =>
        server.send(server.acceptance(...extensionLines({ serverNoContextTakeover, serverMaxWindowBits: 15 }))),
      ),
    ),
  },
  {
    weight: 2,
    arbitrary: fixed(
      send('403', Buffer.from('HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno')),
      send('nonsense', Buffer.from('nonsense\r\n\r\n')),
      move('nothing', () => {}),
      move('101 with a wrong key', server =>
        server.send(
          Buffer.from(
            server
              .acceptance()
              .toString('latin1')
              .replace(/Accept: ../, 'Accept: ??'),
          ),
        ),
      ),
    ),
  },
)
