import { expect } from 'chai'
import { FrameReader } from '#lib/codec/frame-reader.js'
import { WebSocket } from '#lib/entry/node.js'
import { documentedCompression } from '#lib/platform/documented-zlib.js'
import { nodePlatform } from '#lib/platform/node.js'
import { nativeCompression } from '#lib/platform/node-zlib.js'
import { compress } from '../support/compress.ts'
import { CountingCompression, DeflateConnection } from '../support/deflate-connection.ts'
import { FrameRecorder, short } from '../support/frame-recorder.ts'
import { noise } from '../support/noise.ts'
import { BINARY, CLOSE, CONTINUATION, closeBody, frame, PING, startRawServer, TEXT } from '../support/raw-server.ts'

/* A few bytes may inflate to a thousand times as many: no turn of the event loop does all of that. */

const KIB = 1024
const MIB = 1024 * KIB
/** So much is inflated in a turn. */
const TURN = 512 * KIB
/** And at most so much more, to the end of a small message. */
const SMALL = 128 * KIB
const COMPRESSED = { rsv: 4 }

const bytesOf = (length: number): Buffer => Buffer.alloc(length, 'a')
/** What a connection tells of a text of so many letters. */
const told = (length: number): string => `text ${short('a'.repeat(length))}`

/** A connection, and what it has inflated so far. */
function open({ maxPayload = 0, serverNoContextTakeover = false } = {}) {
  const counting = new CountingCompression(nativeCompression)
  const link = new DeflateConnection({ compression: counting, maxPayload, agreed: { serverNoContextTakeover } })
  return { link, counting, connection: link.connection, pipe: link.pipe, events: () => link.events }
}

/** Lets it go on as often as it has asked for, a turn each time; returns the bytes that each has inflated. */
function turns({ link, counting }: ReturnType<typeof open>): number[] {
  const produced: number[] = []
  for (; link.turnsOwed > 0; link.turnsOwed--) {
    const before = counting.produced
    link.connection.continueReading()
    produced.push(counting.produced - before)
  }
  return produced
}

describe('What is inflated in a turn of the event loop', () => {
  it('is bounded, though it all came in one read; reading waits, and all comes in its order', () => {
    const opened = open()
    const { pipe, link, counting, events } = opened
    pipe.receive(
      Buffer.concat([
        frame(TEXT, compress(bytesOf(4 * MIB + 1)), COMPRESSED),
        frame(PING, 'behind'),
        frame(TEXT, 'plain'),
        frame(TEXT, compress(bytesOf(10)), COMPRESSED),
        frame(CLOSE, closeBody(1000)),
      ]),
    )
    expect(link.turnsOwed).to.equal(1)
    expect(events()).to.deep.equal([])
    expect(counting.produced).to.equal(TURN)
    expect(pipe.calls).to.deep.equal(['pause'])
    // A pipe may still give out what was on its way.
    pipe.receive(frame(TEXT, 'ignored behind a Close frame'))
    const each = turns(opened)
    expect(Math.max(...each)).to.be.at.most(TURN)
    // Eight turns inflate it. Of the text, 1 MiB is decoded in the last of them, and 3 MiB and the rest in four more.
    expect(each).to.have.length(12)
    expect(events()).to.deep.equal([told(4 * MIB + 1), 'text plain', told(10), 'close received'])
    expect(link.sent.map(({ payload }) => `${payload}`)).to.deep.equal(['behind'])
    expect(pipe.calls.at(-1)).to.equal('resume')
  })

  it('is bounded for many messages together, as they are for nobody', () => {
    const opened = open()
    const { pipe, connection, counting } = opened
    // Nobody holds up reading for messages behind our Close frame.
    connection.startClosingHandshake(1000, '')
    const message = frame(BINARY, compress(bytesOf(100 * KIB)), COMPRESSED)
    pipe.receive(Buffer.concat(Array.from({ length: 100 }, () => message)))
    expect(counting.produced).to.be.within(TURN, TURN + SMALL)
    expect(Math.max(...turns(opened))).to.be.at.most(TURN + SMALL)
    expect(counting.produced).to.equal(100 * 100 * KIB)
    expect(opened.events()).to.have.length(100)
  })

  it('is bounded over many reads', () => {
    const opened = open()
    const payload = compress(bytesOf(2 * MIB))
    opened.pipe.receive(frame(BINARY, '', { ...COMPRESSED, length: payload.length }))
    let produced = 0
    for (let start = 0; start < payload.length; start += 100) {
      opened.pipe.receive(payload.subarray(start, start + 100))
      expect(opened.counting.produced - produced).to.be.at.most(TURN)
      for (const more of turns(opened)) expect(more).to.be.at.most(TURN)
      produced = opened.counting.produced
    }
    expect(opened.events()).to.have.length(1)
  })

  it('makes no difference to what is read, wherever the bytes are cut', () => {
    const parts = [
      frame(TEXT, compress('one'), COMPRESSED),
      frame(BINARY, compress(Buffer.alloc(MIB)).subarray(0, 500), { ...COMPRESSED, fin: false }),
      frame(PING, 'between'),
      frame(CONTINUATION, compress(Buffer.alloc(MIB)).subarray(500)),
      frame(TEXT, compress('€'.repeat(400_000)), COMPRESSED),
      frame(BINARY, compress(noise(700_000)), COMPRESSED),
      frame(TEXT, compress('last'), COMPRESSED),
      frame(CLOSE),
    ]
    const deflate = { serverNoContextTakeover: true, serverMaxWindowBits: 15 }
    const read = (cuts: readonly number[], compression = nativeCompression): string[] => {
      const recorder = new FrameRecorder()
      const limits = { maxPayload: 0, maxFragments: 0 }
      const reader = new FrameReader({ ...nodePlatform, compression }, recorder, limits, deflate)
      const bytes = Buffer.concat(parts)
      for (const [index, end] of [...cuts, bytes.length].entries()) {
        reader.read(bytes.subarray(cuts[index - 1] ?? 0, end))
        // Now and then it is let go on before more comes.
        if (index % 2 === 0) reader.resume()
      }
      while (reader.paused) reader.resume()
      return recorder.events
    }
    const expected = read([])
    expect(expected.map(event => event.slice(0, 16))).to.deep.equal(
      [
        'text one',
        'ping 6265747765656e',
        'binary 2097152 units'.slice(0, 16),
        'text 400000 units'.slice(0, 16),
        'binary 1400000 units'.slice(0, 16),
        'text last',
        'close ',
      ].map(event => event.slice(0, 16)),
    )
    for (let first = 1; first < 3200; first += 397) expect(read([first])).to.deep.equal(expected)
    expect(read(Array.from({ length: 100 }, (_, index) => (index + 1) * 37))).to.deep.equal(expected)
    expect(read([], documentedCompression)).to.deep.equal(expected)
  })

  it('leaves what other connections use alone', () => {
    const one = open()
    const other = open()
    // The message ends the first turn within the memory that is everybody's.
    one.pipe.receive(
      Buffer.concat([
        frame(BINARY, compress(bytesOf(TURN - 1000)), COMPRESSED),
        frame(TEXT, compress(bytesOf(100_000)), COMPRESSED),
      ]),
    )
    other.pipe.receive(frame(TEXT, compress('b'.repeat(50_000)), COMPRESSED))
    turns(one)
    expect(one.events()[1]).to.equal(told(100_000))
  })

  it('goes on within a message that was inflated as far as its frames have come', () => {
    const opened = open()
    const payload = compress(bytesOf(2 * TURN))
    for (const cut of [1, 100, 500, payload.length - 20]) {
      opened.link.events.length = 0
      opened.pipe.receive(frame(TEXT, payload.subarray(0, cut), { ...COMPRESSED, fin: false }))
      turns(opened)
      opened.pipe.receive(frame(CONTINUATION, payload.subarray(cut)))
      turns(opened)
      expect(opened.events()).to.deep.equal([told(2 * TURN)])
    }
  })

  it('stops at maxPayload, in whichever turn', () => {
    for (const maxPayload of [TURN - 1, TURN, TURN + 1, 3 * TURN]) {
      for (const more of [0, 1, 10 * MIB]) {
        const opened = open({ maxPayload })
        opened.pipe.receive(frame(BINARY, compress(bytesOf(maxPayload + more)), COMPRESSED))
        turns(opened)
        const [event, ...others] = opened.events()
        if (more === 0) expect(event).to.match(/^binary /)
        else expect(event).to.equal('closed 1006 unclean WS_ERR_MESSAGE_TOO_BIG')
        expect(others).to.deep.equal([])
        expect(opened.counting.produced).to.equal(maxPayload + Math.min(more, 1))
      }
    }
  })

  it('is checked in that turn: text that is ill-formed goes no further', () => {
    const opened = open()
    const text = Buffer.concat([bytesOf(TURN + 10), Buffer.from([0xff]), bytesOf(10 * MIB)])
    opened.pipe.receive(frame(TEXT, compress(text), COMPRESSED))
    expect(opened.events()).to.deep.equal([])
    opened.connection.continueReading()
    expect(opened.events()).to.deep.equal(['closed 1006 unclean WS_ERR_INVALID_UTF8'])
    expect(opened.counting.produced).to.equal(2 * TURN)
  })

  it('waits for an owner that has paused, and goes on where it resumes; neither runs ahead of the other', () => {
    for (const [first, second] of [
      ['continueReading', 'resume'],
      ['resume', 'continueReading'],
    ] as const) {
      const { pipe, connection, counting, events } = open()
      pipe.receive(frame(TEXT, compress(bytesOf(TURN + 1)), COMPRESSED))
      connection.pause()
      connection[first]()
      expect(counting.produced).to.equal(TURN)
      expect(pipe.calls).not.to.include('resume')
      connection[second]()
      expect(events()).to.deep.equal([told(TURN + 1)])
      expect(pipe.calls.at(-1)).to.equal('resume')
    }
  })

  it('holds up the end of the pipe, not what came before it', () => {
    const opened = open()
    opened.pipe.receive(frame(TEXT, compress(bytesOf(2 * MIB)), COMPRESSED))
    opened.pipe.sink.end()
    expect(opened.events()).to.deep.equal([])
    turns(opened)
    expect(opened.events()).to.deep.equal([told(2 * MIB), 'closed 1006 unclean WS_ERR_CONNECTION_LOST'])
    expect(opened.pipe.calls).to.include('end')
  })

  it('is no reason to lose what came before the pipe was gone, with its end or without', () => {
    for (const ends of [true, false]) {
      const opened = open()
      const { pipe, events } = opened
      const message = frame(TEXT, compress(bytesOf(2 * MIB)), COMPRESSED)
      pipe.receive(Buffer.concat([message, frame(PING, 'too late')]))
      if (ends) pipe.sink.end()
      pipe.calls.length = 0
      pipe.sink.close(new Error('reset'))
      expect(events()).to.deep.equal([told(2 * MIB), 'closed 1006 unclean WS_ERR_CONNECTION_LOST', 'released'])
      turns(opened)
      expect(events()).to.have.length(3)
      // Nothing is asked of a pipe that is gone.
      expect(pipe.calls).to.deep.equal([])
      expect(pipe.writes).to.deep.equal([])
    }
  })

  it('goes a little beyond what the owner wants where that has paused and the pipe is gone', () => {
    const opened = open()
    opened.pipe.receive(frame(TEXT, compress(bytesOf(2 * MIB)), COMPRESSED))
    opened.connection.pause()
    opened.pipe.sink.close()
    turns(opened)
    expect(opened.events()).to.deep.equal([told(2 * MIB), 'closed 1006 unclean WS_ERR_CONNECTION_LOST', 'released'])

    const other = open()
    other.pipe.receive(frame(TEXT, compress(bytesOf(20 * MIB)), COMPRESSED))
    other.connection.pause()
    other.pipe.sink.close()
    expect(other.events()).to.deep.equal(['closed 1006 unclean WS_ERR_CONNECTION_LOST', 'released'])
    expect(other.counting.produced).to.be.below(6 * MIB)
  })

  it('ends with the connection', () => {
    const opened = open()
    opened.pipe.receive(frame(TEXT, compress(bytesOf(2 * MIB)), COMPRESSED), frame(TEXT, 'behind'))
    opened.connection.abort()
    opened.pipe.sink.close()
    turns(opened)
    const failed = open()
    failed.pipe.receive(
      Buffer.concat([
        frame(TEXT, compress(bytesOf(2 * MIB)), COMPRESSED),
        frame(TEXT, 'behind', { mask: Buffer.alloc(4) }),
      ]),
    )
    turns(failed)
    failed.pipe.sink.close()
    expect(failed.events()).to.deep.equal([told(2 * MIB), 'closed 1006 unclean WS_ERR_MASKED_FRAME', 'released'])
  })

  it('is a sign of life', () => {
    const opened = open()
    opened.pipe.receive(frame(TEXT, compress(bytesOf(2 * MIB)), COMPRESSED))
    const { reads } = opened.connection
    opened.connection.continueReading()
    expect(opened.connection.reads).to.be.above(reads)
  })
})

describe('A WebSocket that receives what inflates to a thousand times as much', () => {
  it('lets the event loop go on meanwhile, and gets it all, in its order', async () => {
    const size = 4 * MIB
    const server = await startRawServer(async peer => {
      await peer.accept('Sec-WebSocket-Extensions: permessage-deflate')
      await peer.write(
        Buffer.concat([
          frame(BINARY, compress(Buffer.alloc(size)), COMPRESSED),
          frame(TEXT, 'behind'),
          frame(CLOSE, closeBody(1000)),
        ]),
      )
      // The client's answer to the Close frame.
      while ((await peer.readFrame()).opcode !== CLOSE);
      peer.end()
    })
    const socket = new WebSocket(server.url, { heartbeat: { interval: 5, timeout: 1000 } })
    socket.binaryType = 'arraybuffer'
    const seen: unknown[] = []
    let loops = 0
    let running = true
    const loop = (): void => {
      loops++
      if (running) setImmediate(loop)
    }
    let started = 0
    socket.onopen = () => {
      started = loops
      loop()
    }
    socket.onmessage = ({ data }) => seen.push(typeof data === 'string' ? data : (data as ArrayBuffer).byteLength)
    await new Promise(resolve => {
      socket.onclose = resolve
    })
    running = false
    await server.close()
    expect(seen).to.deep.equal([size, 'behind'])
    expect(loops - started).to.be.at.least(size / TURN)
  }).timeout(60_000)
})
