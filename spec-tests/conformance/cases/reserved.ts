import { BINARY, CLOSE, CONTINUATION, closeBody, frame, PING, PONG, TEXT } from '../../support/raw-server.ts'
import type { CaseGroup, ConformanceCase } from '../case.ts'
import { echo, failing, receive, refusal, send, text } from '../script.ts'

const SECTION = 'RFC 6455 section 5.2'

const NAMES: ReadonlyArray<readonly [opcode: number, name: string]> = [
  [TEXT, 'text'],
  [BINARY, 'binary'],
  [CLOSE, 'a Close frame'],
  [PING, 'a ping'],
  [PONG, 'a pong'],
]

/** A frame that is refused after a message that was answered, and after the first frame of one. */
function* afterOthers(name: string, bad: Uint8Array): Iterable<ConformanceCase> {
  yield failing(`${name}, after a message and a ping`, SECTION, 1002, function* () {
    yield send([frame(TEXT, 'hello'), frame(PING, 'x')])
    yield receive(PONG, 'x')
    yield echo(text('hello'))
    yield send(bad)
  })
  yield failing(`${name}, within a fragmented message`, SECTION, 1002, function* () {
    yield send([frame(TEXT, 'hel', { fin: false }), frame(PING, 'x')])
    yield receive(PONG, 'x')
    yield send(bad)
  })
}

function* bits(): Iterable<ConformanceCase> {
  for (const [opcode, name] of NAMES) {
    const payload = opcode === CLOSE ? closeBody(1000) : 'abc'
    for (let rsv = 1; rsv <= 7; rsv++) {
      const what = `${name} with reserved bits ${rsv.toString(2).padStart(3, '0')}`
      yield refusal(what, SECTION, 1002, frame(opcode, payload, { rsv }))
      if (rsv === 2) yield refusal(`${what}, empty`, SECTION, 1002, frame(opcode, '', { rsv }), { chop: 1 })
    }
    yield refusal(`${name} with RSV1, in pieces of 1`, SECTION, 1002, frame(opcode, '', { rsv: 4 }), { chop: 1 })
    // What is wrong shows in the first two bytes, whatever length they announce.
    const long = frame(opcode, '', { rsv: 4, ...(opcode < CLOSE ? { length: 1 << 20 } : { length: 125 }) })
    yield refusal(`${name} with RSV1, cut behind two bytes`, SECTION, 1002, long.subarray(0, 2))
    yield* afterOthers(`${name} with RSV3`, frame(opcode, payload, { rsv: 1 }))
  }
  for (let rsv = 1; rsv <= 7; rsv++) {
    const bytes = [frame(TEXT, 'a', { fin: false }), frame(CONTINUATION, 'b', { rsv })]
    yield refusal(`a continuation with reserved bits ${rsv.toString(2).padStart(3, '0')}`, SECTION, 1002, bytes)
  }
}

export const reservedBits: CaseGroup = { name: 'Reserved bits', cases: [...bits()] }

function* codes(): Iterable<ConformanceCase> {
  for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) {
    const name = `opcode ${opcode}`
    yield refusal(name, SECTION, 1002, frame(opcode))
    yield refusal(`${name} with payload`, SECTION, 1002, frame(opcode, 'reserved for further frames'))
    yield refusal(`${name} without FIN`, SECTION, 1002, frame(opcode, 'x', { fin: false }))
    yield refusal(`${name}, in pieces of 1`, SECTION, 1002, frame(opcode), { chop: 1 })
    yield refusal(`${name} of 1 MiB, cut behind its header`, SECTION, 1002, frame(opcode, '', { length: 1 << 20 }))
    yield* afterOthers(name, frame(opcode, 'x'))
  }
}

export const opcodes: CaseGroup = { name: 'Reserved opcodes', cases: [...codes()] }
