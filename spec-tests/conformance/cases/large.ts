import { noise } from '../../support/noise.ts'
import { BINARY, TEXT } from '../../support/raw-server.ts'
import type { CaseGroup, ConformanceCase, Message } from '../case.ts'
import { framed } from '../run-case.ts'
import { echo, exchange, send } from '../script.ts'

const SECTION = 'RFC 6455 section 5.4'
const KIB = 1024
const MIB = 1024 * KIB

/** Made when it is needed: all together they would not fit. */
function message(opcode: number, length: number): Message {
  if (opcode === BINARY) return { opcode, payload: noise(length) }
  // Characters of all lengths, which no power of two cuts at their beginning.
  const pattern = 'aé€🐘Ω~'
  const payload = Buffer.alloc(length, pattern)
  return { opcode, payload: payload.fill('.', length - (length % Buffer.byteLength(pattern))) }
}

function size(bytes: number): string {
  return bytes >= MIB ? `${bytes / MIB} MiB` : bytes >= KIB ? `${bytes / KIB} KiB` : `${bytes} bytes`
}

function* cases(): Iterable<ConformanceCase> {
  for (const opcode of [TEXT, BINARY]) {
    const kind = opcode === TEXT ? 'text' : 'binary'
    for (const length of [64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB]) {
      yield exchange(`${kind} of ${size(length)} in one frame`, SECTION, function* () {
        const whole = message(opcode, length)
        yield send(framed(opcode, whole.payload, length, false))
        yield echo(whole)
      })
    }
    for (const fragment of [64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB]) {
      const title = `${kind} of 4 MiB in ${(4 * MIB) / fragment} frames of ${size(fragment)}`
      yield exchange(title, SECTION, function* () {
        const whole = message(opcode, 4 * MIB)
        yield send(framed(opcode, whole.payload, fragment, false))
        yield echo(whole)
      })
    }
    for (const chop of [64, 512, 4 * KIB, 32 * KIB]) {
      yield exchange(`${kind} of 256 KiB in pieces of ${size(chop)}`, SECTION, function* () {
        const whole = message(opcode, 256 * KIB)
        yield send(framed(opcode, whole.payload, 256 * KIB, false), chop)
        yield echo(whole)
      })
    }
    for (const length of [0, 16, 64, 256, KIB, 4 * KIB]) {
      yield exchange(`500 messages of ${kind} of ${size(length)}, one after the other`, SECTION, function* () {
        const whole = message(opcode, length)
        for (let count = 0; count < 500; count++) {
          yield send(framed(opcode, whole.payload, length, false))
          yield echo(whole)
        }
      })
    }
  }
}

export const largeMessages: CaseGroup = { name: 'Large messages, and many', cases: [...cases()] }
