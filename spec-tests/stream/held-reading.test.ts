import { Buffer } from 'node:buffer'
import { deflateRawSync } from 'node:zlib'
import { expect } from 'chai'
import { FrameReader } from '#lib/codec/frame-reader.js'
import { nodePlatform } from '#lib/platform/node.js'
import { BINARY, CLOSE, closeBody, frame, PING, TEXT } from '../support/raw-server.ts'
import { openConnection } from '../support/scripted-pipe.ts'

const limits = { maxPayload: 0, maxFragments: 0 }
const deflate = {
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
}

/** Messages of all kinds, and what a reader makes of them. */
const frames = [
  frame(TEXT, 'one'),
  frame(PING, 'ping'),
  frame(BINARY, Buffer.alloc(70_000, 1)),
  frame(TEXT, 'frag', { fin: false }),
  frame(PING, 'between'),
  frame(0, 'ment'),
  frame(TEXT),
  frame(BINARY, deflateRawSync(Buffer.alloc(5000, 2)), { rsv: 4 }),
  frame(TEXT, '€'.repeat(200)),
  frame(CLOSE, closeBody(1000, 'end')),
  frame(TEXT, 'never read'),
]
const expected = [
  'text one',
  'ping ping',
  'binary 70000 of 1',
  'ping between',
  'text fragment',
  'text ',
  'binary 5000 of 2',
  `text ${'€'.repeat(200)}`,
  'close',
]

describe('Reading that is held up', () => {
  /** Reads `bytes` in chunks that end at the given offsets; `act` is called with the reader after each event and each chunk. */
  function read(bytes: Buffer, cuts: readonly number[], act: (reader: FrameReader, inside: boolean) => void): string[] {
    const events: string[] = []
    const note = (line: string): void => {
      events.push(line)
      act(reader, true)
    }
    const reader = new FrameReader(
      nodePlatform,
      {
        onText: data => note(`text ${data}`),
        onBinary: (data: ArrayBuffer) => note(`binary ${data.byteLength} of ${new Uint8Array(data)[0]}`),
        onPing: payload => note(`ping ${Buffer.from(payload)}`),
        onPong: () => note('pong'),
        onYield: () => {},
        onClose: () => note('close'),
        onViolation: (_, code) => note(code),
      },
      limits,
      deflate,
    )
    // As a socket does it: one buffer for all reads.
    const shared = Buffer.alloc(bytes.length)
    let start = 0
    for (const end of [...cuts, bytes.length]) {
      bytes.copy(shared, 0, start, end)
      reader.read(shared.subarray(0, end - start))
      shared.fill(0xff)
      start = end
      act(reader, false)
    }
    while (reader.paused) reader.resume()
    return events
  }

  it('gives the same messages, whenever it is held up and let go', () => {
    const bytes = Buffer.concat(frames)
    let seed = 1
    const random = (below: number): number => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed % below
    }
    for (let round = 0; round < 300; round++) {
      const cuts = Array.from({ length: random(8) }, () => random(bytes.length)).sort((one, other) => one - other)
      const events = read(bytes, cuts, (reader, inside) => {
        if (inside && random(2) === 0) reader.pause()
        else if (random(3) === 0) reader.resume()
      })
      expect(events, `round ${round}, cut at ${cuts}`).to.deep.equal(expected)
    }
  })

  it('stops behind the message at which it was asked to', () => {
    const events: number[] = []
    let count = 0
    read(Buffer.concat(frames), [], (reader, inside) => {
      if (inside) {
        count++
        reader.pause()
        return
      }
      // One at a time from here on.
      while (reader.paused) {
        events.push(count)
        reader.resume()
      }
    })
    // Behind a Close frame there is nothing that could be held up.
    expect(events).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8])
  })

  it('ends where it was stopped, with the rest of the chunk unread', () => {
    for (const index of expected.keys()) {
      let count = 0
      const events = read(Buffer.concat(frames), [], (reader, inside) => {
        if (inside && count++ === index) reader.stop()
      })
      expect(events).to.deep.equal(expected.slice(0, index + 1))
    }
  })

  describe('by a connection', () => {
    it('lets the pipe go on only when all that came is given out', () => {
      const { pipe, owner, connection } = openConnection()
      connection.pause()
      pipe.receive(frame(TEXT, 'one'), frame(PING, 'two'))
      expect(pipe.calls).to.deep.equal(['pause'])
      expect(owner.events).to.deep.equal([])
      connection.resume()
      expect(pipe.calls).to.deep.equal(['pause', 'resume'])
      expect(owner.events).to.deep.equal(['text one'])
      // The pong went out at once.
      expect(pipe.writes).to.have.lengthOf(1)
    })

    it('sees the end of the pipe only behind what is held up', () => {
      const { pipe, owner, connection } = openConnection()
      connection.pause()
      pipe.receive(frame(CLOSE, closeBody(4000)))
      pipe.sink.end()
      expect(owner.events).to.deep.equal([])
      connection.resume()
      pipe.sink.close()
      expect(owner.events).to.deep.equal(['close received', 'closed 4000 clean', 'released'])
    })

    it('gives out what is held up before the loss of the connection', () => {
      const { pipe, owner, connection } = openConnection()
      connection.pause()
      pipe.receive(frame(TEXT, 'held'))
      pipe.sink.close(new Error('reset'))
      connection.resume()
      expect(owner.events).to.deep.equal(['text held', 'closed 1006 unclean WS_ERR_CONNECTION_LOST', 'released'])
    })
  })
})
