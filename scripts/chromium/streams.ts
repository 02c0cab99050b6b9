import { BINARY, CLOSE, closeBody, frame, TEXT } from '../../spec-tests/support/raw-server.ts'
import type { Argument, Scenario, ServerPart, StreamPart, StreamStep } from './scenario.ts'

/* What a client does with a WebSocketStream, at which moment, and what the server makes of it. */

const greeting: ServerPart = { frames: [frame(TEXT, 'hello')] }
const patient: ServerPart = { frames: [frame(TEXT, 'hello')], ending: 'nothing' }
const failing: ServerPart = { frames: [frame(TEXT, 'hello'), frame(3, 'x')], ending: 'nothing' }
const leaving: ServerPart = { frames: [frame(TEXT, 'hello')], ending: 'end' }
const silent: ServerPart = { ending: 'nothing' }

function scenario(
  name: string,
  server: ServerPart,
  steps: readonly StreamStep[],
  more: Partial<Omit<StreamPart, 'class' | 'steps'>> & { slow?: true } = {},
): Scenario {
  const { slow, ...options } = more
  const client: StreamPart = { class: 'WebSocketStream', steps, ...options }
  return { name: `WebSocketStream ${name}`, server, client, ...(slow === undefined ? {} : { slow }) }
}

/** `{ closeCode }`, with the number that the text has. */
const object = (text: string): Argument => ({ make: 'object', text })

/** Ways to end it from this side, at a moment. */
const endings: readonly (readonly [name: string, step: StreamStep])[] = [
  ['close()', ['close']],
  ['close({ closeCode: 3000 })', ['close', object('3000')]],
  ['cancel()', ['cancel']],
  ['cancel(text)', ['cancel', 'why']],
  ['cancel(WebSocketError 3000)', ['cancel', { close: { closeCode: 3000, reason: 'why' } }]],
  ['cancel(WebSocketError without a code)', ['cancel', { close: {} }]],
  ['cancel(WebSocketError with a reason)', ['cancel', { close: { reason: 'why' } }]],
  ['writer.close()', ['close writer']],
  ['writer.abort()', ['abort writer']],
  ['writer.abort(text)', ['abort writer', 'why']],
  ['writer.abort(WebSocketError 3000)', ['abort writer', { close: { closeCode: 3000, reason: 'why' } }]],
  ['writer.abort(WebSocketError with a reason)', ['abort writer', { close: { reason: 'why' } }]],
]

const servers: readonly (readonly [name: string, ServerPart])[] = [
  ['echo', patient],
  ['end', { ...patient, onClose: 'end' }],
  ['reset', { ...patient, onClose: 'reset' }],
  ['another code', { ...patient, onClose: 'another code' }],
  ['no code', { ...patient, onClose: 'no code' }],
  ['a message first', { ...patient, onClose: 'a message first' }],
]

/** What was not read yet is read in the end. */
const rest: readonly StreamStep[] = [['closed'], ['read'], ['read']]

const ended = endings.flatMap(([name, step]) =>
  servers.flatMap(([behaviour, server]) =>
    (
      [
        ['once the message is read', [['read'], step]],
        ['with the message unread', [['opened'], step]],
        ['while a read waits', [['read'], ['later', 'read'], step]],
      ] as readonly (readonly [string, readonly StreamStep[]])[]
    ).map(([moment, steps]) =>
      scenario(`${name} ${moment}, and the server does: ${behaviour}`, server, [
        ...steps,
        ['later', 'reader closed'],
        ['later', 'writer closed'],
        ...rest,
      ]),
    ),
  ),
)

const closeArguments: readonly (readonly Argument[])[] = [
  [undefined],
  [{ make: 'null' }],
  [object('0')],
  [object('1000')],
  [object('1001')],
  [object('2999')],
  [object('4999')],
  [object('5000')],
  [object('65536')],
  [object('1000.5')],
  ['text'],
]

const odd = closeArguments.map(values =>
  scenario(`close(${JSON.stringify(values[0])})`, silent, [['opened'], ['close', ...values], ['close']]),
)

const written: readonly (readonly [string, Argument])[] = [
  ['text', 'text'],
  ['nothing', ''],
  ['beyond ASCII', '\u20ac\u{1f600}'],
  ['a lone surrogate', 'a\ud800b'],
  ['an ArrayBuffer', { make: 'bytes', text: 'abc' }],
  ['a view', { make: 'view', text: 'xxabcdyy' }],
  ['a Blob', { make: 'blob', text: 'abc' }],
  ['a number', 12],
  ['null', { make: 'null' }],
  ['undefined', undefined],
  ['shared memory', { make: 'shared', text: 'abc' }],
  ['70,000 bytes', 'x'.repeat(70_000)],
]

const writes = written.map(([name, value]) =>
  scenario(`writes ${name}`, silent, [['write', value], ['later', 'writer closed'], ['close']]),
)

const broken: readonly (readonly [string, ServerPart])[] = [
  ['Close 1000', greeting],
  ['Close 4000', { frames: [frame(TEXT, 'hello'), frame(CLOSE, closeBody(4000, 'bye'))] }],
  ['an empty Close frame', { frames: [frame(TEXT, 'hello'), frame(CLOSE)] }],
  ['a violation', failing],
  ['FIN', leaving],
]

const ends = broken.flatMap(([name, server]) =>
  (
    [
      ['both are read', [['read'], ['read'], ['later', 'reader closed'], ['later', 'writer closed']]],
      ['a read waits', [['read'], ['later', 'read'], ['closed']]],
      ['two reads wait', [['read'], ['later', 'read'], ['later', 'read'], ['closed']]],
      ['nothing is read at first', [['later', 'writer closed'], ['opened'], ...rest]],
      ['read once it is closed', [['read'], ['later', 'closed'], ['read'], ['read']]],
      ['write afterwards', [['read'], ['read'], ['write', 'late'], ['later', 'writer closed']]],
      ['close() afterwards', [['read'], ['read'], ['close'], ['close', object('3000')]]],
      ['cancel() afterwards', [['read'], ['read'], ['cancel'], ['cancel', 'why']]],
      ['writer.close() afterwards', [['read'], ['read'], ['close writer']]],
      ['writer.abort() afterwards', [['read'], ['read'], ['abort writer']]],
    ] as readonly (readonly [string, readonly StreamStep[]])[]
  ).map(([moment, steps]) => scenario(`the server ends with ${name}: ${moment}`, server, steps)),
)

const signals: readonly Scenario[] = [
  scenario('a signal that was aborted', patient, [['opened'], ['closed']], { signal: 'aborted' }),
  scenario('aborted at once', patient, [['abort signal', 'why'], ['opened'], ['closed']], { signal: 'later' }),
  scenario('aborted at once, without a reason', patient, [['abort signal'], ['opened']], { signal: 'later' }),
  scenario('aborted when it is open', patient, [['opened'], ['abort signal', 'why'], ['read'], ['close']], {
    signal: 'later',
  }),
  scenario('aborted after the end', greeting, [['read'], ['read'], ['abort signal', 'why'], ['closed']], {
    signal: 'later',
  }),
]

const early: readonly Scenario[] = [
  scenario('close() at once', patient, [['close'], ['opened'], ['closed']]),
  scenario('close({ closeCode: 3000 }) at once', patient, [['close', object('3000')], ['opened']]),
  scenario('close() at once, twice', patient, [['close'], ['close'], ['opened']]),
  scenario('close({ closeCode: 1001 }) at once', patient, [['close', object('1001')], ['opened'], ['close']]),
  scenario('desired size', patient, [['opened'], ['desired size'], ['close']]),
  scenario('two messages and three reads', { frames: [frame(TEXT, 'one'), frame(BINARY, 'two')] }, [
    ['read'],
    ['read'],
    ['read'],
  ]),
  scenario('three reads at once', { frames: [frame(TEXT, 'one'), frame(BINARY, 'two')] }, [
    ['later', 'read'],
    ['later', 'read'],
    ['later', 'read'],
  ]),
  scenario('read after releaseLock()', patient, [['opened'], ['release'], ['read'], ['close']]),
  scenario('a read waits at releaseLock()', patient, [['read'], ['later', 'read'], ['release'], ['close']]),
  scenario('writes in a row', silent, [
    ['later', 'write', 'one'],
    ['later', 'write', 'two'],
    ['later', 'write', 'three'],
    ['close writer'],
  ]),
  scenario('writes, then close()', silent, [
    ['later', 'write', 'one'],
    ['later', 'write', 'two'],
    ['opened'],
    ['close'],
  ]),
  scenario('writes, then writer.abort()', silent, [
    ['write', 'one'],
    ['later', 'write', 'two'],
    ['abort writer', 'why'],
  ]),
  scenario('writes, then cancel()', silent, [
    ['write', 'one'],
    ['later', 'write', 'two'],
    ['cancel', 'why'],
  ]),
  scenario('writer.close(), then read on', { ...patient, onClose: 'a message first' }, [
    ['read'],
    ['later', 'close writer'],
    ['read'],
    ['read'],
  ]),
  scenario('writer.close(), then write', silent, [
    ['later', 'close writer'],
    ['write', 'late'],
  ]),
  scenario('writer.close(), then close()', silent, [
    ['later', 'close writer'],
    ['close', object('3000')],
  ]),
  scenario('close(), then writer.close()', silent, [['opened'], ['close', object('3000')], ['close writer']]),
  scenario('close(), then cancel()', silent, [['opened'], ['close', object('3000')], ['cancel', 'why']]),
  scenario('cancel(), then writer.close()', silent, [['later', 'cancel'], ['close writer']]),
  scenario('cancel(), then write', silent, [
    ['later', 'cancel'],
    ['write', 'late'],
  ]),
  scenario('protocols', { respond: peer => peer.acceptance('Sec-WebSocket-Protocol: two') }, [['opened']], {
    protocols: ['one', 'two'],
  }),
  scenario('protocols that are given twice', silent, [['opened']], { protocols: ['one', 'one'] }),
  scenario('protocols that are no list', silent, [['opened'], ['close']], { protocols: 'one' }),
  scenario('a fragment in the URL', silent, [['opened'], ['close']], { path: '#fragment' }),
  scenario('close(), and the server ignores it', { ...silent, onClose: 'ignore' }, [['opened'], ['close']], {
    slow: true,
  }),
  scenario('close(), and the server keeps TCP open', { ...silent, onClose: 'keep open' }, [['opened'], ['close']], {
    slow: true,
  }),
  scenario('writer.close(), and the server ignores it', { ...silent, onClose: 'ignore' }, [['close writer']], {
    slow: true,
  }),
]

export const streams: readonly Scenario[] = [...ended, ...odd, ...writes, ...ends, ...signals, ...early]
