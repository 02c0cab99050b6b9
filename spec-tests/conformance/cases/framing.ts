import { noise } from '../../support/noise.ts'
import { BINARY, frame, TEXT } from '../../support/raw-server.ts'
import type { CaseGroup, ConformanceCase } from '../case.ts'
import { echo, exchange, pings, refusal, send } from '../script.ts'

const SECTION = 'RFC 6455 section 5.2'

/** Both sides of each step of the length encoding. */
const LENGTHS = [0, 1, 16, 124, 125, 126, 127, 128, 255, 256, 65534, 65535, 65536, 65537, 131072]

/** So many bytes at a time: within a header, within a payload, and beyond what a socket reads at once. */
function chops(length: number): number[] {
  return length <= 256 ? [1, 2, 3, 5, 64] : [997, 1460, 65537]
}

function* cases(): Iterable<ConformanceCase> {
  for (const opcode of [TEXT, BINARY]) {
    const kind = opcode === TEXT ? 'text' : 'binary'
    for (const length of LENGTHS) {
      const payload = opcode === TEXT ? Buffer.alloc(length, 'abcdefghijklm*') : noise(length)
      for (const chop of [Number.POSITIVE_INFINITY, ...chops(length)]) {
        const pieces = chop === Number.POSITIVE_INFINITY ? 'in one piece' : `in pieces of ${chop}`
        yield exchange(`${kind} of ${length} bytes ${pieces}`, SECTION, function* () {
          yield send(frame(opcode, payload), chop)
          yield echo({ opcode, payload })
        })
      }
    }
  }

  yield exchange('many frames in one piece', SECTION, function* () {
    const messages = LENGTHS.map((length, index) => ({
      opcode: (index % 2) + TEXT,
      payload: Buffer.alloc(length, 'x'),
    }))
    yield send(messages.map(({ opcode, payload }) => frame(opcode, payload)))
    for (const message of messages) yield echo(message)
  })
  yield exchange('65,536 bytes, the first 300 and the last 300 one at a time', SECTION, function* () {
    const payload = noise(65536)
    const bytes = frame(BINARY, payload)
    yield send(bytes.subarray(0, 300), 1)
    yield send(bytes.subarray(300, -300))
    yield send(bytes.subarray(-300), 1)
    yield echo({ opcode: BINARY, payload })
  })
  yield exchange('a message of zeros, which no masking hides', SECTION, function* () {
    const payload = Buffer.alloc(1000)
    yield send(frame(BINARY, payload))
    yield echo({ opcode: BINARY, payload })
    yield* pings()
  })

  for (const [length, bits] of [
    [0, 16],
    [125, 16],
    [0, 64],
    [125, 64],
    [126, 64],
    [65535, 64],
  ] as const) {
    const bytes = frame(BINARY, noise(length), { lengthBits: bits })
    const title = `a length of ${length} in ${bits} bits`
    yield refusal(title, SECTION, 1002, bytes)
    // The header is enough.
    yield refusal(`${title}, its payload not sent`, SECTION, 1002, bytes.subarray(0, bits === 16 ? 4 : 10), { chop: 1 })
  }
  const signed = frame(BINARY, '', { length: 0x8000000000000000n })
  yield refusal('a length with its highest bit set', SECTION, 1002, signed)
  const everything = frame(BINARY, '', { length: 0xffffffffffffffffn })
  yield refusal('a length with all bits set', SECTION, 1002, everything)

  const masked = 'RFC 6455 section 5.1'
  for (const mask of [Buffer.from([1, 2, 3, 4]), Buffer.alloc(4)]) {
    const kind = mask[0] === 0 ? 'with zeros' : 'with a key'
    yield refusal(`a text frame masked ${kind}`, masked, 1002, frame(TEXT, 'hello', { mask }))
    yield refusal(`an empty ping masked ${kind}`, masked, 1002, frame(0x9, '', { mask }))
    yield refusal(`a Close frame masked ${kind}`, masked, 1002, frame(0x8, Buffer.from([3, 232]), { mask }))
  }
  yield refusal('the mask bit, and nothing behind it', masked, 1002, Buffer.from([0x81, 0x85]), { chop: 1 })
}

export const framing: CaseGroup = { name: 'Framing', cases: [...cases()] }
