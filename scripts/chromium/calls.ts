import { BINARY, CLOSE, closeBody, frame, PING, TEXT } from '../../spec-tests/support/raw-server.ts'
import type { Argument, Moment, Scenario, ServerPart, SocketCall, SocketPart } from './scenario.ts'

/* What a client calls on a WebSocket, at which moment, and what the server makes of it. */

const moments: readonly Moment[] = ['construction', 'microtask', 'open', 'message', 'error', 'close']

/** The server sends a text and a Close frame at once. */
const greeting: ServerPart = { frames: [frame(TEXT, 'hello')] }
/** The server sends a text at once, and leaves it to the client to close. */
const patient: ServerPart = { frames: [frame(TEXT, 'hello')], ending: 'nothing' }
/** The connection is failed after a text. */
const failing: ServerPart = { frames: [frame(TEXT, 'hello'), frame(3, 'x')], ending: 'nothing' }

function scenario(name: string, server: ServerPart, client: Omit<SocketPart, 'class'>, slow?: true): Scenario {
  return { name: `WebSocket ${name}`, server, client: { class: 'WebSocket', ...client }, ...(slow ? { slow } : {}) }
}

/** Which server lets a moment come, and closes in the end. */
const serverFor: Readonly<Record<Moment, ServerPart>> = {
  construction: patient,
  microtask: patient,
  open: patient,
  message: patient,
  error: failing,
  close: greeting,
}

const closings: readonly SocketCall[] = [
  ['close'],
  ['close', 1000],
  ['close', 3000, 'why'],
  ['close', 4999, '\u20ac\u{1f600}'],
]

/** Each call at each moment. Where nothing else closes, the listener of the message does. */
const atEachMoment = moments.flatMap(moment =>
  [...closings, ['send', 'text'] as const, ['look'] as const, ['set binaryType', 'arraybuffer'] as const].map(call => {
    const closes = call[0] === 'close' || moment === 'error' || moment === 'close'
    const calls = [call, ...(closes || moment !== 'message' ? [] : [['close'] as const])]
    return scenario(`${moment}: ${call.join(' ')}`, serverFor[moment], {
      calls: { ...(closes || moment === 'message' ? {} : { message: [['close']] }), [moment]: calls },
    })
  }),
)

const oddCloseArguments: readonly (readonly Argument[])[] = [
  [undefined],
  [undefined, undefined],
  [undefined, 'why'],
  [{ make: 'null' }],
  [0],
  [999],
  [1001],
  [1005],
  [2999],
  [5000],
  [65_535],
  [66_536],
  [1000.9],
  [Number.NaN],
  [Number.POSITIVE_INFINITY],
  [-1],
  ['1000'],
  ['code'],
  [true],
  [1000, ''],
  [1000, undefined],
  [1000, { make: 'null' }],
  [1000, 'r'.repeat(123)],
  [1000, 'r'.repeat(124)],
  [1000, '\u20ac'.repeat(41)],
  [1000, '\u20ac'.repeat(42)],
  [1000, '\ud800'],
  [1000, 'a\0b'],
]

const withOddArguments = oddCloseArguments.map(values =>
  scenario(`close(${values.map(describe).join(', ')})`, patient, {
    calls: { open: [['close', ...values], ['look'], ['close', 1000]] },
  }),
)

function describe(value: Argument): string {
  if (typeof value !== 'object')
    return typeof value === 'string' ? JSON.stringify(value.slice(0, 8)) + value.length : String(value)
  return 'make' in value ? value.make : 'list'
}

const onClose: readonly NonNullable<ServerPart['onClose']>[] = [
  'echo',
  'end',
  'reset',
  'another code',
  'no code',
  'a message first',
  'ignore',
  'keep open',
]

const answeredClosings = onClose.flatMap(behaviour =>
  [['close'] as const, ['close', 3000, 'why'] as const].flatMap(call =>
    (['open', 'message'] as const).map(moment =>
      scenario(
        `${moment}: ${call.join(' ')}, and the server does: ${behaviour}`,
        { ...patient, onClose: behaviour },
        { calls: { [moment]: [call] } },
        behaviour === 'ignore' || behaviour === 'keep open' ? true : undefined,
      ),
    ),
  ),
)

const sequences: readonly (readonly [name: string, ServerPart, Partial<Record<Moment, readonly SocketCall[]>>])[] = [
  ['close twice', patient, { open: [['close', 3000, 'one'], ['close', 3001, 'two'], ['look']] }],
  [
    'close, then send',
    patient,
    { open: [['close'], ['send', 'late'], ['send', { make: 'bytes', text: 'late' }], ['look']] },
  ],
  ['send, then close', patient, { open: [['send', 'first'], ['send', 'second'], ['close', 1000], ['look']] }],
  [
    'send a Blob, then text, then close',
    patient,
    { open: [['send', { make: 'blob', text: 'blob' }], ['send', 'text'], ['close']] },
  ],
  [
    'send text, then a Blob, then a view',
    patient,
    {
      open: [
        ['send', 'a'],
        ['send', { make: 'blob', text: 'b' }],
        ['send', { make: 'view', text: 'xxabcdyy' }],
        ['close'],
      ],
    },
  ],
  [
    'send nothing of each kind',
    patient,
    { open: [['send', ''], ['send', { make: 'bytes' }], ['send', { make: 'blob' }], ['look'], ['close']] },
  ],
  [
    'send what is no string',
    patient,
    {
      open: [
        ['send', 12],
        ['send', true],
        ['send', { make: 'null' }],
        ['send', undefined],
        ['send', { make: 'object', text: '1' }],
        ['send', ['a', 'b']],
        ['close'],
      ],
    },
  ],
  ['send without an argument', patient, { open: [['send'], ['close']] }],
  ['send shared memory', patient, { open: [['send', { make: 'shared', text: 'shared' }], ['close']] }],
  ['send a lone surrogate', patient, { open: [['send', 'a\ud800b'], ['look'], ['close']] }],
  ['send beyond ASCII', patient, { open: [['send', '\u20ac\u{1f600}'], ['look'], ['close']] }],
  [
    'send 125, 126 and 70,000 bytes',
    patient,
    { open: [['send', 'x'.repeat(125)], ['send', 'x'.repeat(126)], ['send', 'x'.repeat(70_000)], ['look'], ['close']] },
  ],
  [
    'send in message, twice',
    { frames: [frame(TEXT, 'one'), frame(TEXT, 'two')], ending: 'nothing' },
    { message: [['send', 'answer'], ['close']] },
  ],
  ['close in open and in message', patient, { open: [['close', 3000]], message: [['close', 3001]] }],
  [
    'close in open, and messages that come behind it',
    { frames: [frame(TEXT, 'one'), frame(TEXT, 'two'), frame(BINARY, 'x')], ending: 'nothing' },
    { open: [['close']], message: [['look']] },
  ],
  [
    'close in the first of three messages',
    { frames: [frame(TEXT, 'one'), frame(TEXT, 'two'), frame(TEXT, 'three')], ending: 'nothing' },
    { message: [['close', 3000, 'enough']] },
  ],
  [
    'close in message, and a Close frame is there already',
    { frames: [frame(TEXT, 'one'), frame(CLOSE, closeBody(4000, 'server'))] },
    { message: [['close', 3000, 'client']] },
  ],
  [
    'close in open, and a Close frame is there already',
    { frames: [frame(CLOSE, closeBody(4000, 'server'))] },
    { open: [['close', 3000, 'client']] },
  ],
  [
    'send in message, and a Close frame is there already',
    { frames: [frame(TEXT, 'one'), frame(CLOSE, closeBody(4000, 'server'))] },
    { message: [['send', 'late'], ['look']] },
  ],
  [
    'a ping behind a message whose listener closes',
    { frames: [frame(TEXT, 'one'), frame(PING, 'p')], ending: 'nothing' },
    { message: [['close']] },
  ],
  [
    'a violation behind a message whose listener closes',
    { frames: [frame(TEXT, 'one'), frame(3, 'x')], ending: 'nothing' },
    { message: [['close', 3000]] },
  ],
  [
    'a violation behind open, where close is called',
    { frames: [frame(3, 'x')], ending: 'nothing' },
    { open: [['close', 3000]] },
  ],
  ['a violation, and send in error', failing, { error: [['send', 'late'], ['close', 3000], ['look']] }],
  ['everything in close', greeting, { close: [['send', 'late'], ['close', 3000], ['look'], ['close', 2999]] }],
  [
    'binaryType between two binary messages',
    { frames: [frame(BINARY, 'one'), frame(BINARY, 'two')], ending: 'close' },
    { message: [['set binaryType', 'arraybuffer']] },
  ],
  [
    'binaryType to something else',
    { frames: [frame(BINARY, 'one')] },
    { open: [['set binaryType', 'nonsense'], ['look']] },
  ],
  [
    'binaryType arraybuffer and back',
    { frames: [frame(BINARY, 'one')] },
    {
      open: [
        ['set binaryType', 'arraybuffer'],
        ['set binaryType', 'blob'],
      ],
    },
  ],
  [
    'close in construction and in a microtask',
    patient,
    { construction: [['close', 3000]], microtask: [['close', 3001], ['look']] },
  ],
  [
    'send in construction, then close',
    patient,
    { construction: [['send', 'early'], ['close'], ['send', 'late'], ['look']] },
  ],
]

const oddConstructions: readonly (readonly [path: string | undefined, Argument])[] = [
  ['a?b=c', undefined],
  ['#fragment', undefined],
  ['#', undefined],
  ['a b\u20ac', undefined],
  ['\t\n', undefined],
  [undefined, 'one'],
  [undefined, []],
  [undefined, ['one', 'one']],
  [undefined, ['one', 'ONE']],
  [undefined, ''],
  [undefined, ['']],
  [undefined, 'a b'],
  [undefined, 'a,b'],
  [undefined, '\u20ac'],
  [undefined, '\x7f'],
  [undefined, { make: 'null' }],
  [undefined, 12],
]

export const calls: readonly Scenario[] = [
  ...atEachMoment,
  ...withOddArguments,
  ...answeredClosings,
  ...sequences.map(([name, server, calls]) => scenario(name, server, { calls })),
  ...oddConstructions.map(([path, protocols]) =>
    scenario(
      `constructor: path ${JSON.stringify(path)}, protocols ${JSON.stringify(protocols)}`,
      {
        respond: peer => {
          const [first] = peer.request.values('sec-websocket-protocol').join(',').split(',')
          return first === '' ? peer.acceptance() : peer.acceptance(`Sec-WebSocket-Protocol: ${first}`)
        },
      },
      { ...(path === undefined ? {} : { path }), protocols },
    ),
  ),
]
