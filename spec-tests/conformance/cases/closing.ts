import { noise } from '../../support/noise.ts'
import { CLOSE, CONTINUATION, closeBody, frame, PING, PONG, TEXT } from '../../support/raw-server.ts'
import type { CaseGroup, ConformanceCase, Outcome, Script } from '../case.ts'
import { act, clientEnds, closes, DONE, echo, end, receive, refusal, reset, send, silent, text } from '../script.ts'

const BODY = 'RFC 6455 section 5.5.1'
const CODES = 'RFC 6455 section 7.4'
const HANDSHAKE = 'RFC 6455 section 7.1'

/** What the registry has, and both ends of what is left to libraries and applications. */
const GOOD_CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]
const BAD_CODES = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1099, 1100, 1999, 2000, 2999, 5000, 9999, 65535]

const LOST: Outcome = { code: 1006, reason: '', wasClean: false }

function closed(code: number, reason = ''): Outcome {
  return { code, reason, wasClean: true }
}

function ending(title: string, section: string, outcome: Outcome, script: () => Script): ConformanceCase {
  return { title, section, outcome, script }
}

function* byTheServer(): Iterable<ConformanceCase> {
  yield ending('an empty Close frame', BODY, closed(1005), () => closes(Buffer.alloc(0)))
  for (const code of GOOD_CODES) {
    yield ending(`code ${code}`, CODES, closed(code), () => closes(closeBody(code)))
    yield ending(`code ${code} with a reason`, CODES, closed(code, 'why'), () => closes(closeBody(code, 'why')))
  }
  const reasons = ['x'.repeat(123), '€'.repeat(41), 'a\0b', '\ufeffmarked', '💬']
  for (const reason of reasons) {
    const name = `a reason of ${reason.length} units in ${Buffer.byteLength(reason)} bytes`
    yield ending(name, BODY, closed(1000, reason), () => closes(closeBody(1000, reason)))
  }
  yield ending('a Close frame in pieces of 1', BODY, closed(1001, 'bye'), function* () {
    const body = closeBody(1001, 'bye')
    yield send(frame(CLOSE, body), 1)
    yield receive(CLOSE, body)
    yield silent
    yield end
  })

  yield refusal('a body of one byte', BODY, 1002, frame(CLOSE, Buffer.from([3])))
  yield refusal('a body of 126 bytes', BODY, 1002, frame(CLOSE, closeBody(1000, 'x'.repeat(124))))
  for (const code of BAD_CODES) {
    yield refusal(`code ${code}`, CODES, 1002, frame(CLOSE, closeBody(code)))
    yield refusal(`code ${code} with a reason`, CODES, 1002, frame(CLOSE, closeBody(code, 'why')))
  }
  for (const hex of ['ff', 'c3', '61c3', 'eda080', 'f4908080', 'c080', '6180', 'e282']) {
    const body = closeBody(1000, Buffer.from(hex, 'hex'))
    yield refusal(`the reason ${hex}, which is no UTF-8`, BODY, 1007, frame(CLOSE, body))
    yield refusal(`the reason ${hex}, in pieces of 1`, BODY, 1007, frame(CLOSE, body), { chop: 1 })
  }
  // What is wrong with the code counts before what is wrong with the reason.
  yield refusal(
    'code 1005 with a reason that is no UTF-8',
    CODES,
    1002,
    frame(CLOSE, closeBody(1005, Buffer.from([255]))),
  )

  const body = closeBody(1000, 'done')
  const behind: readonly (readonly [name: string, bytes: Uint8Array])[] = [
    ['a message', frame(TEXT, 'late')],
    ['a ping', frame(PING, 'late')],
    ['another Close frame', frame(CLOSE, closeBody(4000))],
    ['a frame that is not valid', frame(3, 'x', { rsv: 7 })],
    ['a fragment', frame(TEXT, 'la', { fin: false })],
    ['256 KiB of noise', noise(256 * 1024)],
  ]
  for (const [name, bytes] of behind) {
    for (const [when, first] of [
      ['in the same piece', Buffer.concat([frame(CLOSE, body), bytes])],
      ['after the answer', frame(CLOSE, body)],
    ] as const) {
      yield ending(`${name} behind a Close frame, ${when}`, BODY, DONE, function* () {
        yield send(first)
        yield receive(CLOSE, body)
        if (when === 'after the answer') yield send(bytes)
        yield silent
        yield end
      })
    }
  }
  yield ending('a message right before a Close frame, answered first', HANDSHAKE, DONE, function* () {
    yield send([frame(TEXT, 'one'), frame(TEXT, 'two'), frame(CLOSE, body)])
    yield echo(text('one'))
    yield echo(text('two'))
    yield receive(CLOSE, body)
    yield silent
    yield end
  })
  yield ending('256 KiB right before a Close frame', HANDSHAKE, DONE, function* () {
    const message = { opcode: 2, payload: noise(256 * 1024) }
    yield send([frame(2, message.payload), frame(CLOSE, body)])
    yield echo(message)
    yield receive(CLOSE, body)
    yield end
  })
  yield ending('a Close frame within a fragmented message, which is lost', 'RFC 6455 section 5.4', DONE, function* () {
    yield send([frame(TEXT, 'first', { fin: false }), frame(CLOSE, body), frame(CONTINUATION, 'second')])
    yield receive(CLOSE, body)
    yield silent
    yield end
  })
  yield ending('a Close frame and the end of TCP in one piece', HANDSHAKE, DONE, function* () {
    yield send(frame(CLOSE, body))
    yield end
    yield receive(CLOSE, body)
    yield clientEnds
  })
}

function* byTheClient(): Iterable<ConformanceCase> {
  const calls: readonly (readonly [args: readonly [code?: number, reason?: string], body: Buffer])[] = [
    [[], Buffer.alloc(0)],
    [[1000], closeBody(1000)],
    [[1000, ''], closeBody(1000)],
    [[1000, 'because'], closeBody(1000, 'because')],
    [[3000, 'x'.repeat(123)], closeBody(3000, 'x'.repeat(123))],
    [[4999, '€'.repeat(41)], closeBody(4999, '€'.repeat(41))],
  ]
  for (const [args, body] of calls) {
    const name = `close(${args.map(arg => JSON.stringify(arg).slice(0, 12)).join(', ')})`
    for (const [how, answer, outcome] of [
      ['the same', body, closed(args[0] ?? 1005, args[1] ?? '')],
      ['another code', closeBody(4321, 'other'), closed(4321, 'other')],
      ['nothing in it', Buffer.alloc(0), closed(1005)],
    ] as const) {
      yield ending(`${name}, answered with ${how}`, HANDSHAKE, outcome, function* () {
        yield act(socket => socket.close(...args))
        yield receive(CLOSE, body)
        yield send(frame(CLOSE, answer))
        yield silent
        yield end
      })
    }
  }

  const body = closeBody(4000, 'mine')
  const close = act(socket => socket.close(4000, 'mine'))
  yield ending(
    'what was sent before close() goes out before, and nothing after',
    HANDSHAKE,
    closed(4000, 'mine'),
    function* () {
      yield act(socket => {
        socket.send('one')
        socket.send(new Uint8Array(70_000))
        socket.close(4000, 'mine')
        socket.send('late')
        socket.close(4001, 'again')
      })
      yield receive(TEXT, 'one')
      yield receive(2, new Uint8Array(70_000))
      yield receive(CLOSE, body)
      yield send(frame(CLOSE, body))
      yield silent
      yield end
    },
  )
  yield ending(
    'messages behind close() are read over, pings are answered',
    HANDSHAKE,
    closed(4000, 'mine'),
    function* () {
      yield close
      yield receive(CLOSE, body)
      yield send([frame(TEXT, 'late'), frame(PING, '1'), frame(TEXT, 'fra', { fin: false }), frame(PING, '2')])
      // RFC 6455 section 5.5.2: unless the client has received a Close frame.
      yield receive(PONG, '1')
      yield receive(PONG, '2')
      yield send([frame(CONTINUATION, 'gment'), frame(CLOSE, body), frame(PING, '3')])
      yield silent
      yield end
    },
  )
  for (const [name, bytes] of [
    ['a reserved bit', frame(TEXT, 'x', { rsv: 2 })],
    ['text that is no UTF-8', frame(TEXT, Buffer.from([0xff]))],
    ['a Close frame with a body of one byte', frame(CLOSE, Buffer.from([1]))],
    ['a Close frame with code 1005', frame(CLOSE, closeBody(1005))],
    ['a Close frame whose reason is no UTF-8', frame(CLOSE, closeBody(1000, Buffer.from([0xff])))],
  ] as const) {
    yield ending(`${name} behind close(): no second Close frame`, BODY, LOST, function* () {
      yield close
      yield receive(CLOSE, body)
      yield send(bytes)
      yield clientEnds
      yield end
    })
  }
  yield ending('both close at once', HANDSHAKE, closed(1001, 'theirs'), function* () {
    yield close
    yield send(frame(CLOSE, closeBody(1001, 'theirs')))
    yield receive(CLOSE, body)
    yield silent
    yield end
  })
  yield ending(
    'close() within a fragmented message, whose rest is read over',
    HANDSHAKE,
    closed(4000, 'mine'),
    function* () {
      yield send(frame(TEXT, 'fra', { fin: false }))
      yield silent
      yield close
      yield receive(CLOSE, body)
      yield send([frame(CONTINUATION, 'gment'), frame(CLOSE, body)])
      yield silent
      yield end
    },
  )
  yield ending('close() answered by the end of TCP alone', HANDSHAKE, LOST, function* () {
    yield close
    yield receive(CLOSE, body)
    yield end
    yield clientEnds
  })
}

function* withoutClosing(): Iterable<ConformanceCase> {
  const begun: readonly (readonly [name: string, bytes: Uint8Array])[] = [
    ['with nothing begun', Buffer.alloc(0)],
    ['within a header', Buffer.from([0x81])],
    ['within a length', Buffer.from([0x82, 127, 0, 0, 0])],
    ['within a frame', frame(TEXT, 'cut off', { length: 20 })],
    ['within a message', frame(TEXT, 'cut off', { fin: false })],
    ['within a Close frame', frame(CLOSE, closeBody(1000), { length: 10 })],
  ]
  for (const [name, bytes] of begun) {
    yield ending(`the end of TCP ${name}`, HANDSHAKE, LOST, function* () {
      yield send(bytes)
      yield end
      yield clientEnds
    })
    yield ending(`the loss of TCP ${name}`, HANDSHAKE, LOST, function* () {
      yield send(bytes)
      yield silent
      yield reset
    })
  }
}

export const closing: CaseGroup = { name: 'Closing', cases: [...byTheServer(), ...byTheClient(), ...withoutClosing()] }
