import { expect } from 'chai'
import { type Arbitrary, array, constant, constantFrom, nat, oneof, option, string, tuple } from 'fast-check'
import { drained, handshake, ping, ref, terminate, unref, WebSocket } from '#lib/entry/node.js'
import { MemoryServer } from '../support/memory-server.ts'
import { turns } from '../support/turns.ts'
import { type Call, call, ignore } from './moves.ts'
import { perform, plays } from './play.ts'
import { type Property, property } from './property.ts'
import { SocketLog } from './socket-log.ts'

/*
 * Any calls, at any moment, in and outside of listeners, while a server does what it likes: the order of events stands,
 * and nothing is thrown but what the standard has thrown.
 */

type SocketCall = Call<WebSocket>

const size = oneof(
  { weight: 6, arbitrary: nat(300) },
  { weight: 1, arbitrary: constantFrom(20_000, 70_000) },
  // So large that it is not compressed, or not masked, at once.
  { weight: 1, arbitrary: constantFrom(140_000, 300_000) },
)

const sends: Arbitrary<SocketCall> = tuple(constantFrom('text', 'binary', 'blob'), size).map(([kind, length]) =>
  call(
    `send ${kind} of ${length}`,
    socket => {
      const text = 'y'.repeat(length)
      socket.send(kind === 'text' ? text : kind === 'blob' ? new Blob([text]) : new Uint8Array(length))
    },
    'InvalidStateError',
  ),
)

const closes: Arbitrary<SocketCall> = tuple(
  option(oneof(constantFrom(1000, 3000, 4999), nat(70_000))),
  option(oneof(string({ maxLength: 10 }), constant('\u20ac'.repeat(42)))),
).map(([code, reason]) =>
  call(
    `close ${code} ${reason}`,
    socket => socket.close(...((reason === null ? (code === null ? [] : [code]) : [code ?? undefined, reason]) as [])),
    'InvalidAccessError',
    'SyntaxError',
  ),
)

const pings: Arbitrary<SocketCall> = nat(130).map(length =>
  call(`ping of ${length}`, socket => ignore(ping(socket, 'p'.repeat(length))), 'InvalidStateError', 'RangeError'),
)

const looks: Arbitrary<SocketCall> = constantFrom(
  call<WebSocket>('drained', socket => ignore(drained(socket))),
  call<WebSocket>('unref and ref', socket => [unref(socket), ref(socket)]),
  call<WebSocket>('handshake', handshake),
  call<WebSocket>('bufferedAmount', socket => expect(socket.bufferedAmount).to.be.at.least(0)),
  call<WebSocket>('handlers', socket => {
    socket.onopen = socket.onmessage = socket.onerror = socket.onclose = () => {}
  }),
  call<WebSocket>('binaryType', socket => {
    socket.binaryType = 'blob'
  }),
)

const calls: Arbitrary<SocketCall> = oneof(
  { weight: 8, arbitrary: sends },
  { weight: 2, arbitrary: closes },
  { weight: 2, arbitrary: pings },
  { weight: 4, arbitrary: looks },
  { weight: 1, arbitrary: constant(call<WebSocket>('terminate', terminate)) },
)

/** What is called in the listeners, event for event. */
const reactions = array(array(calls, { maxLength: 2 }), { maxLength: 5 })

export const apiCalls: readonly Property[] = [
  property(
    'any calls on a socket at any moment: the order of events stands',
    400,
    tuple(plays(calls), reactions),
    async ([play, reactions]) => {
      const server = new MemoryServer()
      const socket = new WebSocket('ws://server.example/', { connect: server.client, closeTimeout: 0 })
      socket.binaryType = 'arraybuffer'
      const due = [...reactions]
      const log = new SocketLog(socket, () => {
        for (const { make } of due.shift() ?? []) make(socket)
      })
      await perform(play, { server, target: socket, settled: log.closed, look: () => log.look() })
      // However it went: once the server is gone, it is over.
      await log.closed
      await turns(3)
      log.verify()
      expect(log.lines.at(-1)).to.match(/^close/)
    },
  ),
]
