import { noise } from '../../support/noise.ts'
import { BINARY, frame, PING, PONG, TEXT } from '../../support/raw-server.ts'
import type { CaseGroup, ConformanceCase } from '../case.ts'
import { echo, exchange, pings, receive, refusal, send, text } from '../script.ts'

const PINGS = 'RFC 6455 section 5.5.2'
const PONGS = 'RFC 6455 section 5.5.3'
const CONTROL = 'RFC 6455 section 5.5'

function* cases(): Iterable<ConformanceCase> {
  const payloads: readonly (readonly [name: string, payload: Buffer])[] = [
    ['without payload', Buffer.alloc(0)],
    ['with text', Buffer.from('Hello, world!')],
    ['with bytes that are no UTF-8', Buffer.from([0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00, 0xff])],
    ['with 124 bytes', noise(124)],
    ['with 125 bytes', noise(125)],
  ]
  for (const [name, payload] of payloads) {
    for (const chop of [Number.POSITIVE_INFINITY, 1, 2, 7]) {
      const pieces = chop === Number.POSITIVE_INFINITY ? '' : `, in pieces of ${chop}`
      yield exchange(`a ping ${name}${pieces}`, PINGS, function* () {
        yield send(frame(PING, payload), chop)
        yield receive(PONG, payload)
      })
    }
    yield exchange(`a pong ${name} that nobody asked for`, PONGS, function* () {
      yield send(frame(PONG, payload))
      yield* pings()
    })
  }

  for (const opcode of [PING, PONG]) {
    const name = opcode === PING ? 'a ping' : 'a pong'
    yield refusal(`${name} of 126 bytes`, CONTROL, 1002, frame(opcode, noise(126)))
    yield refusal(`${name} of 65,536 bytes`, CONTROL, 1002, frame(opcode, noise(65536)).subarray(0, 10))
    // The first two bytes say that it is too long.
    yield refusal(`the beginning of ${name} of 126 bytes`, CONTROL, 1002, frame(opcode, noise(126)).subarray(0, 2))
    yield refusal(
      `${name} of 125 bytes with a 16-bit length`,
      CONTROL,
      1002,
      frame(opcode, noise(125), { lengthBits: 16 }),
    )
    yield refusal(`${name} of 0 bytes with a 64-bit length`, CONTROL, 1002, frame(opcode, '', { lengthBits: 64 }))
    yield refusal(`${name} that is fragmented`, CONTROL, 1002, frame(opcode, 'x', { fin: false }))
  }

  for (const chop of [Number.POSITIVE_INFINITY, 1, 3]) {
    const pieces = chop === Number.POSITIVE_INFINITY ? 'in one piece' : `in pieces of ${chop}`
    yield exchange(`ten pings ${pieces}, each answered`, PINGS, function* () {
      const payloads = Array.from({ length: 10 }, (_, index) => `ping ${index}`)
      yield send(
        payloads.map(payload => frame(PING, payload)),
        chop,
      )
      for (const payload of payloads) yield receive(PONG, payload)
    })
  }
  yield exchange('pings and pongs between messages, answered in order', PINGS, function* () {
    yield send([frame(PONG, 'a'), frame(TEXT, 'one'), frame(PING, 'b'), frame(PONG), frame(BINARY, 'two'), frame(PING)])
    // Control frames are answered by the protocol, messages by its user, in a task.
    yield receive(PONG, 'b')
    yield receive(PONG)
    yield echo(text('one'))
    yield echo({ opcode: BINARY, payload: Buffer.from('two') })
  })
  yield exchange('a ping behind a message that was answered', PINGS, function* () {
    yield send(frame(TEXT, 'first'))
    yield echo(text('first'))
    yield* pings()
    yield send(frame(TEXT, 'last'))
    yield echo(text('last'))
  })
}

export const pingsAndPongs: CaseGroup = { name: 'Pings and pongs', cases: [...cases()] }
