import { CONTINUATION, frame, TEXT } from '../../support/raw-server.ts'
import type { CaseGroup, ConformanceCase, Script } from '../case.ts'
import { framed } from '../run-case.ts'
import { echo, exchange, failing, pings, refusal, send, silent } from '../script.ts'
import { offence } from '../utf8-oracle.ts'

const SECTION = 'RFC 6455 section 8.1'

/** The first and the last code points of each length, around the surrogates, and non-characters, which are allowed. */
const CODE_POINTS = [
  0x00, 0x7f, 0x80, 0x7ff, 0x800, 0xfff, 0x1000, 0xcfff, 0xd000, 0xd7ff, 0xe000, 0xfdd0, 0xfeff, 0xfffd, 0xfffe, 0xffff,
  0x10000, 0x1fffe, 0x3ffff, 0x40000, 0xfffff, 0x100000, 0x10fffe, 0x10ffff,
]

const TEXTS: readonly (readonly [name: string, text: string])[] = [
  ['Greek', 'κόσμε'],
  ['all lengths', 'Hello-µ@ßöäüàá-UTF-8!! ♥ 🐘 𝄞'],
  ['a byte order mark at its beginning, which is kept', '\ufeffbom'],
  ['a byte order mark within', 'a\ufeffb'],
  ['zeros', 'a\0b\0'],
  ['replacement characters of its own', '\ufffd\ufffd'],
  ['combining marks', 'e\u0301\u0301\u0301'],
]

/** What RFC 3629 forbids, each with good text around it when it is sent. */
const ILL_FORMED = [
  // Octets that never stand anywhere, and tails without a lead.
  'c0',
  'c1',
  'f5',
  'f8',
  'fc',
  'fe',
  'ff',
  '80',
  'bf',
  '8080',
  'c3a980',
  'e282ac80',
  // Leads without their tails, or with too few of them.
  'c3',
  'c3c3',
  'c320',
  'e2',
  'e220',
  'e282',
  'e28220',
  'e282e2',
  'f0',
  'f020',
  'f09f',
  'f09f20',
  'f09f90',
  'f09f9020',
  // Longer than need be.
  'c080',
  'c0af',
  'c1bf',
  'e08080',
  'e080af',
  'e09fbf',
  'f0808080',
  'f08080af',
  'f08fbfbf',
  'f888808080',
  'fc8480808080',
  // Surrogates, one and in pairs.
  'eda080',
  'edadbf',
  'edae80',
  'edafbf',
  'edb080',
  'edbebf',
  'edbfbf',
  'eda080edb080',
  'edadbfedbfbf',
  // Above U+10FFFF.
  'f4908080',
  'f490bfbf',
  'f4bfbfbf',
  'f5808080',
  'f7bfbfbf',
  'fbbfbfbfbf',
  'fdbfbfbfbfbf',
  // Tails that are wrong in their last place.
  'e282c0',
  'f09f9000',
  'f09f90c0',
  'f09f90ff',
  'c37f',
  'c3c0',
] as const

const BEFORE = Buffer.from('κόσμε ')
const AFTER = Buffer.from(' edited')

/** A text in frames cut at each of these places. */
function cutAt(payload: Uint8Array, places: readonly number[]): Buffer[] {
  const cuts = [0, ...places, payload.length]
  return cuts.slice(1).map((end, index) => {
    const fin = index === places.length
    return frame(index === 0 ? TEXT : CONTINUATION, payload.subarray(cuts[index], end), { fin })
  })
}

function* wellFormed(): Iterable<ConformanceCase> {
  const points = CODE_POINTS.map(point => {
    const name = `U+${point.toString(16).toUpperCase().padStart(4, '0')}`
    return [name, String.fromCodePoint(point)] as const
  })
  for (const [name, content] of [...TEXTS, ...points]) {
    const payload = Buffer.from(content)
    const message = { opcode: TEXT, payload }
    yield exchange(`${name}, whole and cut at every place in two frames`, SECTION, function* () {
      yield send(frame(TEXT, payload))
      yield echo(message)
      for (let place = 0; place <= payload.length; place++) {
        yield send(cutAt(payload, [place]))
        yield echo(message)
      }
    })
    yield exchange(`${name}, one octet at a time: in TCP, and in frames`, SECTION, function* () {
      yield send(frame(TEXT, payload), 1)
      yield echo(message)
      yield send(framed(TEXT, payload, 1, false))
      yield echo(message)
      yield send(framed(TEXT, payload, 1, false), 1)
      yield echo(message)
    })
  }
  for (const fragment of [Number.POSITIVE_INFINITY, 4099]) {
    const name = fragment === Number.POSITIVE_INFINITY ? 'in one frame' : `in frames of ${fragment} bytes`
    yield exchange(`every code point there is, ${name}`, SECTION, function* () {
      let content = ''
      for (let point = 0; point <= 0x10ffff; point++) {
        if (point < 0xd800 || point > 0xdfff) content += String.fromCodePoint(point)
      }
      const payload = Buffer.from(content)
      yield send(framed(TEXT, payload, fragment, false))
      yield echo({ opcode: TEXT, payload })
    })
  }
}

function* illFormed(): Iterable<ConformanceCase> {
  for (const hex of ILL_FORMED) {
    const bad = Buffer.from(hex, 'hex')
    // Alone, and with something before and behind. A cut-off character at the very end shows only there.
    for (const payload of [bad, Buffer.concat([BEFORE, bad, AFTER]), Buffer.concat([BEFORE, bad])]) {
      const at = offence(payload)!
      const where = payload === bad ? 'alone' : payload.length > BEFORE.length + bad.length ? 'within' : 'at the end'
      const name = `${hex} ${where}`
      yield refusal(`${name}, in one frame`, SECTION, 1007, frame(TEXT, payload))
      if (at < payload.length) yield octetByOctet(name, payload, at)
      yield inFrames(name, payload, at)
      if (payload !== bad && where === 'within') yield* cutInTwo(name, payload, at, bad.length)
    }
  }
}

/** Within a frame that is never finished: the octet that is too much is refused as it comes, and none before it. */
function octetByOctet(name: string, payload: Buffer, at: number): ConformanceCase {
  return failing(`${name}, octet by octet, refused at octet ${at + 1}`, SECTION, 1007, function* () {
    const bytes = frame(TEXT, payload, { length: payload.length + 1 })
    const start = bytes.length - payload.length
    yield send(bytes.subarray(0, start + at), 1)
    yield silent
    yield send(bytes.subarray(start + at, start + at + 1))
  })
}

/** Each octet a frame, with a ping behind each: as many are answered as there are good octets. */
function inFrames(name: string, payload: Buffer, at: number): ConformanceCase {
  return failing(`${name}, a frame for each octet, refused at octet ${at + 1}`, SECTION, 1007, function* () {
    for (let index = 0; index < at; index++) {
      yield send(frame(index === 0 ? TEXT : CONTINUATION, payload.subarray(index, index + 1), { fin: false }))
      yield* pings(`${index}`)
    }
    // A text that ends within a character is refused at its end.
    const last = payload.subarray(at, at + 1)
    yield send(frame(at === 0 ? TEXT : CONTINUATION, last, { fin: at === payload.length }))
  })
}

/** In two frames with the cut in the bad octets: the second one is sent only if the first one was good. */
function* cutInTwo(name: string, payload: Buffer, at: number, badLength: number): Iterable<ConformanceCase> {
  for (let place = BEFORE.length; place <= BEFORE.length + badLength; place++) {
    const [first, second] = cutAt(payload, [place])
    yield failing(`${name}, in two frames cut at ${place}`, SECTION, 1007, function* (): Script {
      yield send(first!)
      if (at < place) return
      yield* pings()
      yield send(second!)
    })
  }
}

function* large(): Iterable<ConformanceCase> {
  const good = Buffer.alloc(1 << 20, '€uro ')
  for (const [name, bytes] of [
    ['in one frame of 2 MiB, its first half sent', frame(TEXT, '', { length: 2 << 20 })],
    ['in a frame without FIN', frame(TEXT, '', { length: good.length + 1, fin: false })],
  ] as const) {
    yield failing(`1 MiB of good text and a bad octet, ${name}`, SECTION, 1007, function* () {
      yield send(bytes)
      yield send(good.subarray(0, good.length - (good.length % 7)))
      yield silent
      yield send(Buffer.from([0xff]))
    })
  }
  yield exchange('bytes that are no UTF-8, in a binary message', SECTION, function* () {
    const payload = Buffer.from(ILL_FORMED.join(''), 'hex')
    yield send(framed(2, payload, 3, false))
    yield echo({ opcode: 2, payload })
  })
}

export const utf8: CaseGroup = { name: 'UTF-8', cases: [...wellFormed(), ...illFormed(), ...large()] }
