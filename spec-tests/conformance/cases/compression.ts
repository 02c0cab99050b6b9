import { Departure } from '../../support/departure.ts'
import { noise } from '../../support/noise.ts'
import { BINARY, TEXT } from '../../support/raw-server.ts'
import { type DeflateParameters, writeParameters } from '../../support/server-deflate.ts'
import type { CaseGroup, ConformanceCase, Message, Script, Step } from '../case.ts'
import { echo, echoCompressed, exchange, sendCompressed } from '../script.ts'

const KIB = 1024
const MIB = 1024 * KIB

/** Below this many bytes the client does not compress. */
const THRESHOLD = 64

const RECORD = '{"id":1234,"name":"Zoë","tags":["α","β"],"value":3.14159,"ok":true},\n'

/** Text that compresses well, bytes that do not at all, and zeros, which compress a thousandfold. */
const contents = (length: number): Message[] => [textOf(length), noiseOf(length), zerosOf(length)]

function textOf(length: number): Message {
  const text = Buffer.alloc(length, RECORD)
  // The last record may be cut within a character.
  const whole = Math.floor(length / Buffer.byteLength(RECORD)) * Buffer.byteLength(RECORD)
  return { opcode: TEXT, payload: text.fill('-', whole) }
}

const noiseOf = (length: number): Message => ({ opcode: BINARY, payload: noise(length, length + 1) })

const zerosOf = (length: number): Message => ({ opcode: BINARY, payload: Buffer.alloc(length) })

function answer(message: Message): Step {
  return message.payload.length < THRESHOLD ? echo(message) : echoCompressed(message)
}

/** The same twice: whether the second one is smaller tells whether the client looks back to the first one. */
function* equals(takesOver: boolean, seed: number): Script {
  const message: Message = { opcode: BINARY, payload: noise(200, seed) }
  yield sendCompressed(message)
  const first = yield echoCompressed(message)
  yield sendCompressed(message)
  const second = yield echoCompressed(message)
  const [one, two] = [first.payload.length, second.payload.length]
  const fits = takesOver ? two < one / 2 : two === one
  if (!fits) throw new Departure(`equal messages take ${one} and ${two} bytes, context takeover ${takesOver}`)
}

/** Every combination of the four parameters, each left out or with every value it can have. */
function* everySet(): Iterable<DeflateParameters> {
  const bits = [undefined, 8, 9, 10, 11, 12, 13, 14, 15]
  for (const serverNoContextTakeover of [false, true]) {
    for (const clientNoContextTakeover of [false, true]) {
      for (const serverMaxWindowBits of bits) {
        for (const clientMaxWindowBits of bits) {
          yield {
            serverNoContextTakeover,
            clientNoContextTakeover,
            ...(serverMaxWindowBits === undefined ? {} : { serverMaxWindowBits }),
            ...(clientMaxWindowBits === undefined ? {} : { clientMaxWindowBits }),
          }
        }
      }
    }
  }
}

function* parameterCases(): Iterable<ConformanceCase> {
  for (const deflate of everySet()) {
    const title = writeParameters(deflate).replace('permessage-deflate', '').slice(2) || 'no parameters'
    yield exchange(
      title,
      'RFC 7692 section 7.1',
      function* () {
        yield* equals(deflate.clientNoContextTakeover !== true, 17)
        // Each of them larger than the smallest windows, and the same ones again, far back.
        for (const length of [1, 700, 1500, 700, 5000, 700]) {
          for (const message of contents(length)) {
            yield sendCompressed(message)
            yield answer(message)
          }
        }
        yield* equals(deflate.clientNoContextTakeover !== true, 23)
      },
      { deflate },
    )
  }
}

export const compressionParameters: CaseGroup = {
  name: 'Compression: every parameter set',
  cases: [...parameterCases()],
}

const SIZES = [
  0,
  1,
  16,
  63,
  64,
  65,
  125,
  126,
  256,
  KIB,
  4 * KIB,
  32 * KIB,
  64 * KIB,
  128 * KIB - 1,
  128 * KIB,
  256 * KIB,
]

function* sizeCases(): Iterable<ConformanceCase> {
  const sets: readonly (readonly [name: string, deflate: DeflateParameters])[] = [
    ['defaults', {}],
    ['no context takeover', { serverNoContextTakeover: true, clientNoContextTakeover: true }],
    ['windows of 512 bytes', { serverMaxWindowBits: 9, clientMaxWindowBits: 9 }],
    [
      'windows of 256 bytes, no context takeover',
      { serverNoContextTakeover: true, clientNoContextTakeover: true, serverMaxWindowBits: 8, clientMaxWindowBits: 8 },
    ],
  ]
  for (const [name, deflate] of sets) {
    for (const length of SIZES) {
      yield exchange(
        `${length} bytes, ${name}`,
        'RFC 7692 section 7.2',
        function* () {
          for (const message of contents(length)) {
            for (let count = 0; count < 2; count++) {
              yield sendCompressed(message)
              yield answer(message)
            }
          }
        },
        { deflate },
      )
      if (length < 256) continue
      yield exchange(
        `${length} bytes in frames and pieces, ${name}`,
        'RFC 7692 section 7.2',
        function* () {
          for (const message of contents(length)) {
            for (const [fragment, chop] of [
              [Math.ceil(length / 7), Number.POSITIVE_INFINITY],
              [Math.ceil(length / 30), Math.ceil(length / 50)],
              [Number.POSITIVE_INFINITY, Math.ceil(length / 20)],
            ] as const) {
              yield sendCompressed(message, fragment, chop)
              yield answer(message)
            }
          }
        },
        { deflate },
      )
    }
  }
  for (const length of [MIB, 4 * MIB, 16 * MIB]) {
    for (const [kind, make] of [
      ['text', textOf],
      ['noise', noiseOf],
      ['zeros', zerosOf],
    ] as const) {
      yield exchange(
        `${length / MIB} MiB of ${kind}`,
        'RFC 7692 section 7.2',
        function* () {
          const message = make(length)
          yield sendCompressed(message, 64 * KIB, Number.POSITIVE_INFINITY)
          yield answer(message)
        },
        { deflate: {} },
      )
    }
  }
  yield exchange(
    '300 messages of many sizes, each of which looks back to those before',
    'RFC 7692 section 7.2.3.2',
    function* () {
      for (let index = 0; index < 300; index++) {
        const payload = Buffer.from(RECORD.repeat(1 + (index % 40)).replaceAll('1234', `${index}`))
        yield sendCompressed({ opcode: TEXT, payload }, 1 + ((index * 37) % 500), Number.POSITIVE_INFINITY)
        yield answer({ opcode: TEXT, payload })
      }
    },
    { deflate: {} },
  )
}

export const compressionSizes: CaseGroup = { name: 'Compression: messages of every size', cases: [...sizeCases()] }
