import { expect } from 'chai'
import { short } from '../support/frame-recorder.ts'
import { BINARY, CONTINUATION, frame, PING, PONG, TEXT } from '../support/raw-server.ts'
import { openConnection } from '../support/scripted-pipe.ts'

/* A read may bring a hundred thousand frames, and a turn of the event loop dozens of reads. */

/** The most frames in a turn, of those that no batch holds. */
const TURN = 4096
const COUNT = 10 * TURN

const many = (one: Uint8Array): Buffer => Buffer.concat(Array(COUNT).fill(one))

const floods: Record<string, readonly [bytes: Buffer, events: readonly string[]]> = {
  'fragments of one byte': [
    Buffer.concat([
      frame(BINARY, 'a', { fin: false }),
      many(frame(CONTINUATION, 'a', { fin: false })),
      frame(CONTINUATION, 'a'),
    ]),
    [`binary ${short(Buffer.alloc(COUNT + 2, 'a').toString('hex'))}`],
  ],
  'fragments without a byte': [
    Buffer.concat([
      frame(TEXT, 'a', { fin: false }),
      many(frame(CONTINUATION, '', { fin: false })),
      frame(CONTINUATION),
    ]),
    ['text a'],
  ],
  pings: [many(frame(PING)), []],
  pongs: [many(frame(PONG, 'nobody asked')), []],
}

describe('Small frames that are read in a turn of the event loop', () => {
  for (const [what, [bytes, events]] of Object.entries(floods)) {
    it(`are bounded: ${what}; what follows keeps its order`, () => {
      const { connection, owner, pipe } = openConnection()
      pipe.receive(Buffer.concat([bytes, frame(TEXT, 'behind')]))
      let turns = 1
      while (owner.turnsOwed > 0) {
        expect(owner.turnsOwed).to.equal(1)
        expect(pipe.calls.at(-1)).to.equal('pause')
        expect(owner.events).not.to.include('text behind')
        owner.turnsOwed--
        connection.continueReading()
        turns++
      }
      expect(turns).to.be.within(COUNT / TURN, COUNT / TURN + 2)
      expect(pipe.calls.at(-1)).to.equal('resume')
      const heard = owner.events.filter(event => !event.startsWith('pong'))
      expect(heard).to.deep.equal([...events, 'text behind'])
    })
  }
})
