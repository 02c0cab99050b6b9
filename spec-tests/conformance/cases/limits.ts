import { noise } from '../../support/noise.ts'
import { BINARY, CLOSE, CONTINUATION, closeBody, frame, PING, TEXT } from '../../support/raw-server.ts'
import type { CaseGroup, ConformanceCase } from '../case.ts'
import { framed } from '../run-case.ts'
import { DONE, dropped, echo, exchange, failing, pings, receive, refusal, send, silent } from '../script.ts'

const SECTION = 'RFC 6455 section 10.4'
const MIB = 1 << 20

function* sizes(): Iterable<ConformanceCase> {
  const options = { maxPayload: 1000 }
  for (const opcode of [TEXT, BINARY]) {
    const kind = opcode === TEXT ? 'text' : 'binary'
    const most = { opcode, payload: Buffer.alloc(1000, 'limit') }
    for (const fragment of [Number.POSITIVE_INFINITY, 1, 333, 999]) {
      const how = fragment === Number.POSITIVE_INFINITY ? 'one frame' : `frames of ${fragment}`
      const script = function* () {
        for (let count = 0; count < 2; count++) {
          yield send(framed(opcode, most.payload, fragment, false))
          yield echo(most)
        }
      }
      yield exchange(`maxPayload: as much ${kind} as that in ${how}, twice`, SECTION, script, { options })
    }
    const tooMuch = frame(opcode, '', { length: 1001 })
    yield refusal(`maxPayload: a header of ${kind} that announces a byte more`, SECTION, 1009, tooMuch, { options })
    yield failing(
      `maxPayload: a frame of ${kind} that makes its message a byte too long`,
      SECTION,
      1009,
      function* () {
        yield send(framed(opcode, most.payload, 100, false).subarray(0, -102))
        yield* pings()
        yield send(frame(CONTINUATION, '', { length: 101 }))
      },
      { options },
    )
    yield failing(
      `maxPayload: one byte of ${kind} too much, a byte a frame`,
      SECTION,
      1009,
      function* () {
        yield send(frame(opcode, 'x', { fin: false }))
        for (let count = 1; count < 1000; count++) yield send(frame(CONTINUATION, 'x', { fin: false }))
        yield* pings()
        yield send(frame(CONTINUATION, '', { length: 1, fin: false }))
      },
      { options },
    )
  }
  yield exchange(
    'maxPayload: no limit for control frames',
    SECTION,
    function* () {
      const payload = noise(125)
      yield send(frame(PING, payload))
      yield receive(10, payload)
      yield send(frame(TEXT, 'a'))
      yield echo({ opcode: TEXT, payload: Buffer.from('a') })
    },
    { options: { maxPayload: 1 } },
  )

  for (const [name, length] of [
    ['128 MiB and a byte', 128 * MIB + 1],
    ['4 GiB', 2 ** 32],
    ['4 GiB and a byte', 2 ** 32 + 1],
    ['2^53 bytes', 2n ** 53n],
    ['2^53 + 1 bytes', 2n ** 53n + 1n],
    ['2^63 - 1 bytes', 2n ** 63n - 1n],
  ] as const) {
    const header = frame(BINARY, '', { length })
    yield refusal(`a header that announces ${name}`, SECTION, 1009, header)
    yield refusal(`a header that announces ${name}, in pieces of 1`, SECTION, 1009, header, { chop: 1 })
    yield refusal(`a second frame that announces ${name}`, SECTION, 1009, [
      frame(TEXT, 'x', { fin: false }),
      frame(CONTINUATION, '', { length }),
    ])
    if (length > Number.MAX_SAFE_INTEGER) {
      yield refusal(`a header that announces ${name}, without a limit`, SECTION, 1009, header, {
        options: { maxPayload: 0 },
      })
    }
  }
  yield failing(
    'a header that announces 128 MiB is none too much; a bad byte behind it is',
    SECTION,
    1007,
    function* () {
      yield send(frame(TEXT, 'good', { length: 128 * MIB }))
      yield silent
      yield send(Buffer.from([0xff]))
    },
  )
}

function* fragments(): Iterable<ConformanceCase> {
  const options = { maxFragments: 3 }
  const payload = Buffer.from('abc')
  yield exchange(
    'maxFragments: as many as that, twice, and pings do not count',
    SECTION,
    function* () {
      for (let count = 0; count < 2; count++) {
        const [first, second, third] = ['a', 'b', 'c'].map((content, index) =>
          frame(index === 0 ? TEXT : CONTINUATION, content, { fin: index === 2 }),
        )
        yield send([first!, frame(PING, '1'), second!, frame(PING, '2'), third!])
        yield receive(10, '1')
        yield receive(10, '2')
        yield echo({ opcode: TEXT, payload })
      }
    },
    { options },
  )
  yield failing(
    'maxFragments: the header of one more',
    SECTION,
    1008,
    function* () {
      yield send(framed(TEXT, payload, 1, false).subarray(0, -3))
      yield send(frame(CONTINUATION, 'c', { fin: false }))
      yield* pings()
      yield send(frame(CONTINUATION, '', { length: 1 }))
    },
    { options },
  )
}

function* shapes(): Iterable<ConformanceCase> {
  yield exchange('10,000 empty messages', SECTION, function* () {
    const count = 10_000
    const empty = { opcode: BINARY, payload: Buffer.alloc(0) }
    yield send(Buffer.concat(Array.from({ length: count }, () => frame(BINARY))))
    for (let index = 0; index < count; index++) yield echo(empty)
  })
  yield exchange('20,000 empty frames of one message', SECTION, function* () {
    const empty = frame(CONTINUATION, '', { fin: false })
    yield send([frame(TEXT, 'a', { fin: false }), ...Array.from({ length: 20_000 }, () => empty), frame(0, 'b')])
    yield echo({ opcode: TEXT, payload: Buffer.from('ab') })
  })
  yield {
    title: 'a flood behind a Close frame that was answered: cut off after 1 MiB',
    section: 'RFC 6455 section 1.4',
    outcome: DONE,
    *script() {
      yield send(frame(CLOSE, closeBody(1000, 'done')))
      yield receive(CLOSE, closeBody(1000, 'done'))
      yield send(Buffer.alloc(MIB + 1))
      yield dropped
    },
  }
}

export const limits: CaseGroup = { name: 'Limits', cases: [...sizes(), ...fragments(), ...shapes()] }
