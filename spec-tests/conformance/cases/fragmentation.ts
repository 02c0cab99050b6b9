import { noise } from '../../support/noise.ts'
import {
  BINARY,
  CLOSE,
  CONTINUATION,
  closeBody,
  type FrameOptions,
  frame,
  PING,
  PONG,
  TEXT,
} from '../../support/raw-server.ts'
import type { CaseGroup, ConformanceCase, Message } from '../case.ts'
import { framed } from '../run-case.ts'
import { echo, exchange, failing, pings, receive, refusal, send, silent, text } from '../script.ts'

const SECTION = 'RFC 6455 section 5.4'
const NOT_FINAL: FrameOptions = { fin: false }

/** The frames of a message whose payload is cut into these pieces. */
function pieces(opcode: number, ...payloads: readonly (string | Uint8Array)[]): Buffer[] {
  return payloads.map((payload, index) =>
    frame(index === 0 ? opcode : CONTINUATION, payload, { fin: index === payloads.length - 1 }),
  )
}

function binary(length: number): Message {
  return { opcode: BINARY, payload: noise(length) }
}

function* cases(): Iterable<ConformanceCase> {
  for (const opcode of [TEXT, BINARY]) {
    const kind = opcode === TEXT ? 'text' : 'binary'
    const whole: Message = { opcode, payload: Buffer.from('fragment1fragment2fragment3') }
    for (const chop of [Number.POSITIVE_INFINITY, 1, 5]) {
      const how = chop === Number.POSITIVE_INFINITY ? '' : `, in pieces of ${chop}`
      yield exchange(`${kind} in three frames${how}`, SECTION, function* () {
        yield send(pieces(opcode, 'fragment1', 'fragment2', 'fragment3'), chop)
        yield echo(whole)
      })
      yield exchange(`${kind} in three frames with a ping in each gap, answered at once${how}`, SECTION, function* () {
        const [first, second, third] = pieces(opcode, 'fragment1', 'fragment2', 'fragment3')
        yield send(first!, chop)
        yield* pings('one')
        yield send(second!, chop)
        yield* pings('two')
        yield send(third!, chop)
        yield echo(whole)
      })
    }
    const empties: readonly (readonly string[])[] = [
      ['', ''],
      ['', '', ''],
      ['', 'middle', ''],
      ['first', '', ''],
      ['', '', 'last'],
      ['a', '', 'b', '', 'c'],
    ]
    for (const parts of empties) {
      yield exchange(`${kind} in frames of ${parts.map(part => part.length).join(', ')} bytes`, SECTION, function* () {
        yield send(pieces(opcode, ...parts))
        yield echo({ opcode, payload: Buffer.from(parts.join('')) })
      })
    }
    yield exchange(`${kind}, and nothing happens before its last frame`, SECTION, function* () {
      const [first, second, third] = pieces(opcode, 'fragment1', 'fragment2', 'fragment3')
      yield send(first!)
      yield silent
      yield send(second!)
      yield silent
      yield send(third!.subarray(0, -1))
      yield silent
      yield send(third!.subarray(-1))
      yield echo(whole)
    })
  }

  for (const [length, fragment] of [
    [300, 1],
    [1000, 7],
    [1000, 125],
    [1000, 126],
    [70_000, 65535],
    [140_000, 65536],
  ] as const) {
    yield exchange(`${length} bytes in frames of ${fragment}`, SECTION, function* () {
      const message = binary(length)
      yield send(framed(BINARY, message.payload, fragment, false))
      yield echo(message)
    })
  }
  yield exchange('1,000 empty frames, then a last one', SECTION, function* () {
    yield send(pieces(TEXT, ...Array.from({ length: 1000 }, () => ''), 'end'))
    yield echo(text('end'))
  })
  yield exchange('a message that ends, and the next one begins, in one piece', SECTION, function* () {
    const bytes = Buffer.concat([...pieces(TEXT, 'a', 'b'), ...pieces(BINARY, 'c', 'd'), frame(TEXT, 'e')])
    yield send(bytes)
    yield echo(text('ab'))
    yield echo({ opcode: BINARY, payload: Buffer.from('cd') })
    yield echo(text('e'))
    yield send(bytes, 3)
    yield echo(text('ab'))
    yield echo({ opcode: BINARY, payload: Buffer.from('cd') })
    yield echo(text('e'))
  })
  yield exchange('pings, pongs and messages all over each other', SECTION, function* () {
    const [first, second, third] = pieces(TEXT, 'one ', 'two ', 'three')
    yield send([frame(PING, '1'), first!, frame(PONG, 'x'), second!, frame(PING, '2'), frame(PING, '3'), third!])
    yield receive(PONG, '1')
    yield receive(PONG, '2')
    yield receive(PONG, '3')
    yield echo(text('one two three'))
  })

  for (const fin of [true, false]) {
    const name = fin ? 'with FIN' : 'without FIN'
    const orphan = frame(CONTINUATION, 'no beginning', { fin })
    yield refusal(`a continuation ${name} that continues nothing`, SECTION, 1002, orphan)
    yield refusal(`an empty continuation ${name}, in pieces of 1`, SECTION, 1002, frame(CONTINUATION, '', { fin }), {
      chop: 1,
    })
    yield failing(`a continuation ${name} behind a message in one frame`, SECTION, 1002, function* () {
      yield send(frame(TEXT, 'whole'))
      yield echo(text('whole'))
      yield send(orphan)
    })
    yield failing(`a continuation ${name} behind a message in two frames`, SECTION, 1002, function* () {
      yield send(pieces(BINARY, 'who', 'le'))
      yield echo({ opcode: BINARY, payload: Buffer.from('whole') })
      yield send(orphan)
    })
    for (const opcode of [TEXT, BINARY]) {
      const kind = opcode === TEXT ? 'text' : 'binary'
      yield refusal(`${kind} ${name} within a fragmented message`, SECTION, 1002, [
        frame(TEXT, 'first', NOT_FINAL),
        frame(opcode, 'second', { fin }),
      ])
      yield failing(`${kind} ${name} behind two frames of a message and a ping`, SECTION, 1002, function* () {
        yield send([frame(BINARY, 'first', NOT_FINAL), frame(CONTINUATION, 'second', NOT_FINAL)])
        yield* pings()
        yield send(frame(opcode, 'third', { fin }).subarray(0, 2))
      })
    }
  }
  yield refusal('a Close frame without FIN', 'RFC 6455 section 5.5', 1002, frame(CLOSE, closeBody(1000), NOT_FINAL))
  yield refusal('a ping without FIN, empty, in pieces of 1', 'RFC 6455 section 5.5', 1002, frame(PING, '', NOT_FINAL), {
    chop: 1,
  })
  yield refusal('a pong without FIN within a message', 'RFC 6455 section 5.5', 1002, [
    frame(TEXT, 'first', NOT_FINAL),
    frame(PONG, 'x', NOT_FINAL),
  ])
}

export const fragmentation: CaseGroup = { name: 'Fragmentation', cases: [...cases()] }
