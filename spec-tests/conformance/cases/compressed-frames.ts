import { deflateRawSync } from 'node:zlib'
import { compress } from '../../support/compress.ts'
import { BitWriter, stored } from '../../support/deflate-blocks.ts'
import { noise } from '../../support/noise.ts'
import { BINARY, CLOSE, CONTINUATION, closeBody, frame, PING, PONG, TEXT } from '../../support/raw-server.ts'
import type { CaseGroup, ConformanceCase, Script } from '../case.ts'
import { framed } from '../run-case.ts'
import {
  echo,
  echoCompressed,
  exchange,
  failing,
  pings,
  refusal,
  send,
  sendCompressed,
  silent,
  text,
} from '../script.ts'

const deflate = {}
const MIB = 1 << 20
const COMPRESSED = { rsv: 4 }
const HELLO = text('Hello')

function* reservedBits(): Iterable<ConformanceCase> {
  const section = 'RFC 7692 section 6'
  const hello = compress('Hello')
  for (const rsv of [1, 2, 3, 5, 6, 7]) {
    const bits = rsv.toString(2).padStart(3, '0')
    yield refusal(`text with reserved bits ${bits}`, section, 1002, frame(TEXT, hello, { rsv }), { deflate })
  }
  for (const opcode of [PING, PONG, CLOSE]) {
    const payload = opcode === CLOSE ? closeBody(1000) : 'x'
    const name = `RSV1 on control frame ${opcode}`
    yield refusal(name, section, 1002, frame(opcode, payload, COMPRESSED), { deflate })
    const within = [frame(TEXT, hello.subarray(0, 3), { fin: false, rsv: 4 }), frame(opcode, payload, COMPRESSED)]
    yield refusal(`${name}, within a compressed message`, section, 1002, within, { deflate })
  }
  for (const fin of [true, false]) {
    for (const [kind, rsv] of [
      ['a compressed', 4],
      ['a plain', 0],
    ] as const) {
      yield refusal(
        `RSV1 on a continuation of ${kind} message, FIN ${fin}`,
        section,
        1002,
        [frame(TEXT, rsv === 4 ? hello : 'Hello', { fin: false, rsv }), frame(CONTINUATION, hello, { fin, rsv: 4 })],
        { deflate },
      )
    }
  }
  yield refusal('RSV1 on a continuation of nothing', section, 1002, frame(CONTINUATION, hello, COMPRESSED), { deflate })
  yield refusal('RSV1 with opcode 3', section, 1002, frame(3, hello, COMPRESSED), { deflate })
  yield exchange(
    'plain and compressed messages in turn, whole and in frames',
    section,
    function* () {
      const long = { opcode: BINARY, payload: noise(3000) }
      for (let count = 0; count < 3; count++) {
        yield send(frame(TEXT, 'Hello'))
        yield echo(HELLO)
        yield sendCompressed(HELLO)
        yield echo(HELLO)
        yield send(framed(BINARY, long.payload, 700, false))
        yield echoCompressed(long)
        yield sendCompressed(long, 700)
        yield echoCompressed(long)
      }
    },
    { deflate },
  )
}

/** A message of this payload, compressed: in one frame, octet by octet, and in frames of one octet with pings between. */
function* accepted(title: string, section: string, payload: Buffer, content: string): Iterable<ConformanceCase> {
  yield exchange(
    title,
    section,
    function* () {
      for (const chop of [Number.POSITIVE_INFINITY, 1]) {
        yield send(frame(TEXT, payload, COMPRESSED), chop)
        yield echo(text(content))
      }
      for (let index = 0; index < payload.length; index++) {
        const fin = index === payload.length - 1
        const options = { fin, rsv: index === 0 ? 4 : 0 }
        yield send(frame(index === 0 ? TEXT : CONTINUATION, payload.subarray(index, index + 1), options))
        if (!fin) yield* pings()
      }
      yield echo(text(content))
      // The empty fragments that RFC 7692 section 7.2.3.6 speaks of, without any payload.
      yield send([
        frame(TEXT, '', { fin: false, rsv: 4 }),
        frame(CONTINUATION, payload, { fin: false }),
        frame(CONTINUATION),
      ])
      yield echo(text(content))
    },
    // Each is compressed by itself, so that it can be sent again.
    { deflate: { serverNoContextTakeover: true } },
  )
}

function* streams(): Iterable<ConformanceCase> {
  const examples = 'RFC 7692 section 7.2.3'
  const hello = Buffer.from('f248cdc9c90700', 'hex')
  yield* accepted('one block', `${examples}.1`, hello, 'Hello')
  yield exchange(
    'a second message that looks back to the first one',
    `${examples}.2`,
    function* () {
      yield send(frame(TEXT, hello, COMPRESSED))
      yield echo(HELLO)
      yield send(frame(TEXT, Buffer.from('f200110000', 'hex'), COMPRESSED))
      yield echo(HELLO)
    },
    { deflate },
  )
  yield* accepted('a block without compression', `${examples}.3`, Buffer.from('000500faff48656c6c6f00', 'hex'), 'Hello')
  yield* accepted('a block with BFINAL', `${examples}.4`, Buffer.from('f348cdc9c9070000', 'hex'), 'Hello')
  yield* accepted(
    'two blocks',
    `${examples}.5`,
    Buffer.from('f248050000 00ffffcac9c90700'.replace(' ', ''), 'hex'),
    'Hello',
  )
  yield* accepted('an empty message', `${examples}.6`, Buffer.from([0]), '')

  const final = 'RFC 7692 section 7.2.3.4'
  const two = Buffer.concat([deflateRawSync('Hel'), deflateRawSync('lo'), Buffer.from([0])])
  yield* accepted('two blocks with BFINAL', final, two, 'Hello')
  const empty = Buffer.concat([stored('', { final: true }), stored('Hello'), Buffer.from([0])])
  yield* accepted('an empty block with BFINAL before another one', final, empty, 'Hello')
  yield* accepted(
    'a stored block with BFINAL',
    final,
    Buffer.concat([stored('Hello', { final: true }), Buffer.from([0])]),
    'Hello',
  )
  const many = Buffer.concat([...Array.from('Hello', letter => stored(letter, { final: true })), Buffer.from([0])])
  yield* accepted('five blocks with BFINAL', final, many, 'Hello')

  const sizes = 'RFC 7692 section 7.2.1'
  const empties = Buffer.concat([
    ...Array.from('Hello', letter => Buffer.concat([stored(''), stored(letter)])),
    stored(''),
  ])
  yield* accepted('empty blocks between others', sizes, Buffer.concat([empties, Buffer.from([0])]), 'Hello')
  const fixed = new BitWriter().fixedBlock(false)
  for (const letter of Buffer.from('Hel')) fixed.literal(letter)
  fixed.endOfBlock().fixedBlock(false)
  for (const letter of Buffer.from('lo')) fixed.literal(letter)
  yield* accepted('two blocks that do not meet at a byte', sizes, fixed.endOfBlock().message(), 'Hello')
  const copied = new BitWriter().fixedBlock(false).literal(0x61).copyThree(1).copyThree(4).copyThree(2).endOfBlock()
  yield* accepted('copies that overlap', sizes, copied.message(), 'a'.repeat(10))
  for (let level = 0; level <= 9; level++) {
    const content = JSON.stringify({ level, list: [1, 2, 3] })
    yield* accepted(`zlib's level ${level}`, sizes, compress(content, { level }), content)
  }
}

function* corrupt(): Iterable<ConformanceCase> {
  const section = 'RFC 7692 section 7.2.2'
  const bad: readonly (readonly [name: string, bytes: Buffer])[] = [
    ['a block of the type that there is not', new BitWriter().number(0, 1).number(3, 2).bytes()],
    ['a stored block whose lengths differ', stored('Hello', { wrong: true })],
    ['a copy from before the beginning', new BitWriter().fixedBlock(false).copyThree(1).endOfBlock().message()],
    ['a copy from too far back', new BitWriter().fixedBlock(false).literal(97).copyThree(2).endOfBlock().message()],
    ['a length code that is reserved', new BitWriter().fixedBlock(false).code(0xc6, 8).number(0, 16).bytes()],
    [
      'a distance code that is reserved',
      new BitWriter().fixedBlock(false).literal(97).code(1, 7).code(30, 5).number(0, 8).bytes(),
    ],
    ['too many codes for lengths', new BitWriter().number(0, 1).number(2, 2).number(30, 5).number(0, 30).bytes()],
    ['noise', Buffer.alloc(64, 0xff)],
    ['the four bytes that are to be left out, and noise behind', Buffer.from('000000ffffffffff', 'hex')],
  ]
  for (const [name, payload] of bad) {
    for (const opcode of [TEXT, BINARY]) {
      const kind = opcode === TEXT ? 'text' : 'binary'
      yield refusal(`${name}, ${kind}`, section, 1007, frame(opcode, payload, COMPRESSED), { deflate })
      // As it comes: neither the end of the frame nor that of the message is waited for.
      const begun = frame(opcode, payload, { ...COMPRESSED, length: 4 * MIB, fin: false })
      yield refusal(`${name}, ${kind}, in a frame that is not whole`, section, 1007, begun, { deflate })
      yield refusal(`${name}, ${kind}, octet by octet`, section, 1007, begun, { deflate, chop: 1 })
    }
  }
  const hello = Buffer.from('f248cdc9c90700', 'hex')
  const cut: readonly (readonly [name: string, payload: Buffer])[] = [
    ['cut off within a block', hello.subarray(0, 3)],
    ['cut off within a stored block', stored('Hello').subarray(0, 7)],
    ['cut off behind a block, with the end of another', Buffer.concat([hello, Buffer.from('0000ffff', 'hex')])],
  ]
  for (const [name, payload] of cut) {
    for (const opcode of [TEXT, BINARY]) {
      const kind = opcode === TEXT ? 'text' : 'binary'
      for (const fragment of [Number.POSITIVE_INFINITY, 2]) {
        const how = fragment === 2 ? ', in frames' : ''
        const bytes = framed(opcode, payload, fragment, true)
        yield refusal(`a message ${name}, ${kind}${how}`, 'RFC 7692 section 7.2.1', 1007, bytes, { deflate })
      }
    }
  }
  for (const fragments of [1, 2]) {
    const bytes = frame(BINARY, '', { ...COMPRESSED, fin: fragments === 1 })
    const all = fragments === 1 ? [bytes] : [bytes, frame(CONTINUATION)]
    yield exchange(
      `no byte at all in ${fragments} frames is an empty message, and spoils none behind it`,
      'RFC 7692 section 7.2.3.6',
      function* () {
        yield send(frame(TEXT, hello, COMPRESSED))
        yield echo(HELLO)
        yield send(all)
        yield echo({ opcode: BINARY, payload: Buffer.alloc(0) })
        // Looks back to the first message.
        yield send(frame(TEXT, Buffer.from('f200110000', 'hex'), COMPRESSED))
        yield echo(HELLO)
      },
      { deflate },
    )
  }
  yield failing(
    'a message that looks back over a message that was not compressed',
    'RFC 7692 section 7.2.3.2',
    1007,
    function* () {
      yield send(frame(TEXT, 'Hello'))
      yield echo(HELLO)
      yield send(frame(TEXT, Buffer.from('f200110000', 'hex'), COMPRESSED))
    },
    { deflate },
  )
  yield failing(
    'a message that looks back without context takeover',
    'RFC 7692 section 7.1.1.1',
    1007,
    function* () {
      yield send(frame(TEXT, Buffer.from('f248cdc9c90700', 'hex'), COMPRESSED))
      yield echo(HELLO)
      yield send(frame(TEXT, Buffer.from('f200110000', 'hex'), COMPRESSED))
    },
    { deflate: { serverNoContextTakeover: true } },
  )
}

function* text8(): Iterable<ConformanceCase> {
  const section = 'RFC 6455 section 8.1'
  for (const hex of ['ff', 'c3', '61c328', 'eda080', 'f4908080', 'c080', 'e282']) {
    const bad = Buffer.from(hex, 'hex')
    yield refusal(`a text of ${hex}`, section, 1007, frame(TEXT, compress(bad), COMPRESSED), { deflate })
    if (hex === 'c3' || hex === 'e282') continue
    // All of the text is there, but neither its frame nor its message has ended.
    const begun = frame(TEXT, Buffer.concat([compress(bad), Buffer.from([0, 0, 0xff, 0xff])]), {
      ...COMPRESSED,
      fin: false,
      length: MIB,
    })
    yield refusal(`a text of ${hex}, in a frame that is not whole`, section, 1007, begun, { deflate })
  }
  yield exchange(
    'a character cut between compressed frames',
    section,
    function* () {
      const pieces = [
        stored('a\ud83d\udc18'.slice(0, 1)),
        stored(Buffer.from('f09f', 'hex')),
        stored(Buffer.from('9098', 'hex')),
      ]
      yield send([
        frame(TEXT, pieces[0], { fin: false, rsv: 4 }),
        frame(CONTINUATION, pieces[1], { fin: false }),
        frame(CONTINUATION, Buffer.concat([pieces[2]!, Buffer.from([0])])),
      ])
      yield echo(text('a🐘'))
    },
    { deflate },
  )
}

function* limits(): Iterable<ConformanceCase> {
  const section = 'RFC 7692 section 8.3'
  const options = { maxPayload: 1000 }
  for (const fragment of [Number.POSITIVE_INFINITY, 1, 7]) {
    const how = fragment === Number.POSITIVE_INFINITY ? 'one frame' : `frames of ${fragment}`
    for (const content of [Buffer.alloc(1000), noise(1000)]) {
      const kind = content[0] === content[1] ? 'zeros' : 'noise'
      yield exchange(
        `maxPayload: that many ${kind} in ${how}, twice`,
        section,
        function* () {
          for (let count = 0; count < 2; count++) {
            yield sendCompressed({ opcode: BINARY, payload: content }, fragment)
            yield echoCompressed({ opcode: BINARY, payload: content })
          }
        },
        { deflate, options },
      )
      const more = framed(BINARY, compress(Buffer.concat([content, Buffer.from([7])])), fragment, true)
      yield refusal(`maxPayload: one more in ${how} of ${kind}`, section, 1009, more, { deflate, options })
    }
  }
  const bomb = deflateRawSync(Buffer.alloc(64 * MIB), { level: 9 })
  const bombs: readonly (readonly [name: string, script: () => Script])[] = [
    [
      '64 KiB that inflate to 64 MiB, in one frame',
      function* () {
        yield send(frame(BINARY, bomb, COMPRESSED))
      },
    ],
    [
      'the same, in a frame whose end is not sent',
      function* () {
        yield send(frame(BINARY, bomb, { ...COMPRESSED, length: MIB }))
      },
    ],
    [
      'the same in frames of 64 bytes, refused at the frame that is too much',
      function* () {
        // 64 bytes inflate to some 64 KiB.
        const frames = framed(BINARY, bomb, 64, true)
        yield send(frames.subarray(0, 66 * 14))
        yield silent
        yield send(frames.subarray(66 * 14, 66 * 18))
      },
    ],
  ]
  for (const [name, script] of bombs) {
    yield failing(name, section, 1009, script, { deflate, options: { maxPayload: MIB } })
    const alone = { serverNoContextTakeover: true }
    yield failing(`${name}, no context takeover`, section, 1009, script, {
      deflate: alone,
      options: { maxPayload: MIB },
    })
  }
  yield failing(
    'a bomb after good messages',
    section,
    1009,
    function* () {
      for (let count = 0; count < 3; count++) {
        yield sendCompressed(HELLO)
        yield echo(HELLO)
      }
      yield send(frame(TEXT, compress('x'.repeat(2000)), COMPRESSED))
    },
    { deflate, options },
  )
}

export const compressedFrames: CaseGroup = {
  name: 'Compression: frames and streams',
  cases: [...reservedBits(), ...streams(), ...corrupt(), ...text8(), ...limits()],
}
