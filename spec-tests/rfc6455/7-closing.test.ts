import { expect } from 'chai'
import { ConnectionError } from '#lib/protocol/errors.js'
import { platforms } from '../support/frame-recorder.ts'
import { CLOSE, closeBody, frame, PING, TEXT } from '../support/raw-server.ts'
import { type Harness, openConnection } from '../support/scripted-pipe.ts'

const GOOD_CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]
const BAD_CODES = [0, 1, 255, 256, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 32768, 65535]
const MEBIBYTE = 1024 * 1024

const boom = (closeCode?: number): ConnectionError =>
  new ConnectionError('WS_ERR_TERMINATED', 'boom', closeCode === undefined ? {} : { closeCode })

function hexOf(code: number, reason = ''): string {
  return closeBody(code, reason).toString('hex')
}

describe('RFC 6455 section 7: closing the connection', function () {
  // A machine with much else to do is slow, and that is no failure.
  this.timeout(60_000)

  for (const [name, platform] of platforms) {
    describe(`the body of a Close frame (sections 5.5.1 and 7.4), ${name} platform`, () => {
      it('we send an empty body without a code, and else the code and the reason', () => {
        for (const [code, reason, expected] of [
          [undefined, '', ''],
          [1000, '', '03e8'],
          [4999, 'bye', '1387627965'],
          [3000, '\u20ac'.repeat(41), `0bb8${'e282ac'.repeat(41)}`],
          [1000, '\ud800', '03e8efbfbd'],
        ] as const) {
          const { connection, sent } = openConnection({ platform })
          connection.startClosingHandshake(code, reason)
          expect(sent()).to.deep.equal([`close ${expected}`])
        }
      })

      it('an empty body is code 1005 to the owner, and is answered with an empty one', () => {
        const { connection, pipe, owner, sent } = openConnection({ platform })
        pipe.receive(frame(CLOSE))
        connection.acknowledgeClose()
        expect(sent()).to.deep.equal(['close '])
        pipe.sink.end()
        pipe.sink.close()
        expect(owner.events).to.deep.equal(['close received', 'closed 1005 clean', 'released'])
      })

      it('code and reason are told to the owner, and are echoed', () => {
        for (const code of GOOD_CODES) {
          const { connection, pipe, owner, sent } = openConnection({ platform })
          pipe.receive(frame(CLOSE, closeBody(code, 'why \u20ac')))
          connection.acknowledgeClose()
          expect(sent()).to.deep.equal([`close ${hexOf(code, 'why \u20ac')}`])
          pipe.sink.end()
          pipe.sink.close()
          expect(owner.events).to.deep.equal(['close received', `closed ${code} clean why \u20ac`, 'released'])
        }
      })

      it('a reason may have 123 bytes, and keeps its byte order mark', () => {
        for (const reason of ['x'.repeat(123), '\u20ac'.repeat(41), '\ufeffmark']) {
          const { pipe, connection, owner } = openConnection({ platform })
          pipe.receive(frame(CLOSE, closeBody(1000, reason)))
          connection.acknowledgeClose()
          connection.flush()
          pipe.sink.close()
          expect(owner.closure).to.include({ code: 1000, reason, error: undefined })
        }
      })

      it('a body of one byte fails with 1002', () => {
        expectInvalidClose(openConnection({ platform }), Buffer.from([3]), 1002)
      })

      it('a code that never stands in a frame fails with 1002', () => {
        for (const code of BAD_CODES) {
          expectInvalidClose(openConnection({ platform }), closeBody(code), 1002)
          expectInvalidClose(openConnection({ platform }), closeBody(code, 'why'), 1002)
        }
      })

      it('a reason that is not UTF-8 fails with 1007', () => {
        for (const bytes of [[0xff], [0xc3], [0x61, 0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]]) {
          expectInvalidClose(openConnection({ platform }), closeBody(1000, Buffer.from(bytes)), 1007)
        }
      })
    })
  }

  function expectInvalidClose({ pipe, owner, sent }: Harness, body: Uint8Array, code: number): void {
    pipe.receive(frame(CLOSE, body))
    expect(owner.events).to.deep.equal(['closed 1006 unclean WS_ERR_INVALID_CLOSE'])
    expect(owner.closure?.error?.closeCode).to.equal(code)
    expect(sent()).to.deep.equal([`close ${hexOf(code)}`])
    expect(pipe.calls).to.deep.equal(['pause', 'resume', 'end'])
  }

  describe('section 7.1.1 to 7.1.4: closing cleanly', () => {
    it('we begin: the server answers and ends TCP first, then we do, then it is closed', () => {
      const { connection, pipe, owner, sent } = openConnection()
      expect(connection.writable).to.equal(true)
      connection.startClosingHandshake(3001, 'done')
      expect(connection.writable).to.equal(false)
      expect(sent()).to.deep.equal([`close ${hexOf(3001, 'done')}`])
      // What was under way is still read.
      pipe.receive(frame(TEXT, 'late'))
      pipe.receive(frame(CLOSE, closeBody(3002, 'too')))
      expect(owner.events).to.deep.equal(['text late'])
      expect(pipe.calls).to.deep.equal([])
      pipe.sink.end()
      expect(pipe.calls).to.deep.equal(['resume', 'end'])
      expect(owner.events).to.deep.equal(['text late'])
      pipe.sink.close()
      expect(owner.events).to.deep.equal(['text late', 'closed 3002 clean too', 'released'])
      expect(sent()).to.deep.equal([])
    })

    it('the server begins: we answer once, it ends TCP, then we do', () => {
      const { connection, pipe, owner, sent } = openConnection()
      pipe.receive(frame(CLOSE, closeBody(1001)))
      expect(connection.writable).to.equal(true)
      // Section 5.5.1: an endpoint may delay its answer until what it was sending is sent.
      connection.sendText('rest')
      connection.acknowledgeClose()
      connection.acknowledgeClose()
      expect(connection.writable).to.equal(false)
      expect(sent()).to.deep.equal(['text rest', 'close 03e9'])
      expect(pipe.calls).to.deep.equal([])
      pipe.sink.end()
      expect(pipe.calls).to.deep.equal(['resume', 'end'])
      pipe.sink.close()
      expect(owner.events).to.deep.equal(['close received', 'closed 1001 clean', 'released'])
    })

    it('both begin: one Close frame each, and the code is that of the server', () => {
      const { connection, pipe, owner, sent } = openConnection()
      connection.startClosingHandshake(3000, 'ours')
      pipe.receive(frame(CLOSE, closeBody(4000, 'theirs')))
      connection.acknowledgeClose()
      expect(sent()).to.deep.equal([`close ${hexOf(3000, 'ours')}`])
      pipe.sink.end()
      pipe.sink.close()
      expect(owner.events).to.deep.equal(['closed 4000 clean theirs', 'released'])
    })

    it('our request after the server has begun adds nothing: the answer is owed anyway', () => {
      const { connection, pipe, owner, sent } = openConnection()
      pipe.receive(frame(CLOSE, closeBody(1000)))
      connection.startClosingHandshake(3000, 'ours')
      expect(sent()).to.deep.equal([])
      connection.acknowledgeClose()
      connection.startClosingHandshake(3000, 'ours')
      expect(sent()).to.deep.equal(['close 03e8'])
      pipe.sink.close()
      expect(owner.events).to.deep.equal(['close received', 'closed 1000 clean', 'released'])
    })

    it('only one Close frame is sent, however often it is asked for', () => {
      const { connection, sent } = openConnection()
      connection.startClosingHandshake(3000, '')
      connection.startClosingHandshake(3001, '')
      expect(sent()).to.deep.equal(['close 0bb8'])
    })

    it('our Close frame waits behind data that waits for its bytes', () => {
      const { connection, sent } = openConnection()
      const place = connection.reserve()
      connection.startClosingHandshake(3000, '')
      expect(sent()).to.deep.equal([])
      connection.fill(place, Buffer.from([7]))
      expect(sent()).to.deep.equal(['binary 07', 'close 0bb8'])
    })

    it('it waits no longer when the server has closed: data would not be read any more', () => {
      const { connection, pipe, sent } = openConnection()
      const place = connection.reserve()
      connection.sendText('behind')
      connection.startClosingHandshake(3000, '')
      pipe.receive(frame(CLOSE))
      expect(sent()).to.deep.equal(['close 0bb8'])
      connection.fill(place, Buffer.from([7]))
      expect(sent()).to.deep.equal([])
    })

    it('the answer waits behind data that waits for its bytes, until the server ends TCP', () => {
      const { connection, pipe, owner, sent } = openConnection()
      const place = connection.reserve()
      pipe.receive(frame(CLOSE))
      connection.acknowledgeClose()
      expect(sent()).to.deep.equal([])
      connection.fill(place, Buffer.from([7]))
      expect(sent()).to.deep.equal(['binary 07', 'close '])

      const other = openConnection()
      const unfilled = other.connection.reserve()
      other.pipe.receive(frame(CLOSE))
      other.pipe.sink.end()
      expect(other.sent()).to.deep.equal(['close '])
      other.connection.fill(unfilled, Buffer.from([7]))
      expect(other.sent()).to.deep.equal([])
      other.pipe.sink.close()
      expect(other.owner.events).to.deep.equal(['close received', 'closed 1005 clean', 'released'])
      expect(owner.events).to.deep.equal(['close received'])
    })

    it('a server that closes and ends TCP in one packet is answered, and it is clean', () => {
      const { pipe, owner, sent } = openConnection()
      pipe.receive(frame(CLOSE, closeBody(1000)))
      pipe.sink.end()
      expect(sent()).to.deep.equal(['close 03e8'])
      expect(pipe.calls).to.deep.equal(['resume', 'end'])
      pipe.sink.close()
      expect(owner.events).to.deep.equal(['close received', 'closed 1000 clean', 'released'])
    })

    it('a connection that breaks after both Close frames was still closed cleanly', () => {
      const { connection, pipe, owner, sent } = openConnection()
      connection.startClosingHandshake(1000, '')
      sent()
      pipe.receive(frame(CLOSE, closeBody(1000)))
      pipe.sink.close(new Error('ECONNRESET'))
      expect(owner.events).to.deep.equal(['closed 1000 clean', 'released'])
      expect(owner.closure?.error).to.equal(undefined)
    })

    it('is not clean if our Close frame has not left, whether the pipe tells what it has buffered or not', () => {
      for (const buffered of [10, undefined]) {
        for (const leaves of [true, false]) {
          const { connection, pipe, owner, sent } = openConnection()
          pipe.ready = false
          pipe.buffered = buffered
          pipe.receive(frame(CLOSE, closeBody(1001, 'bye')))
          connection.acknowledgeClose()
          sent()
          if (leaves) {
            if (buffered !== undefined) pipe.buffered = 0
            pipe.sink.drain()
          }
          const cause = new Error('ECONNRESET')
          owner.events.length = 0
          pipe.sink.close(cause)
          const how = leaves ? 'clean bye' : 'unclean WS_ERR_CONNECTION_LOST bye'
          expect(owner.events).to.deep.equal([`closed 1001 ${how}`, 'released'])
          if (!leaves) expect(owner.closure!.error!.cause).to.equal(cause)
        }
      }
    })
  })

  describe('section 7.1.7 and 7.2.1: failing', () => {
    it('says why in a Close frame, ends our side, and reads nothing more', () => {
      const { connection, pipe, owner, sent } = openConnection()
      connection.sendText('before')
      connection.fail(boom(1001))
      expect(sent()).to.deep.equal(['text before', 'close 03e9'])
      expect(pipe.calls).to.deep.equal(['resume', 'end'])
      expect(owner.events).to.deep.equal(['closed 1006 unclean WS_ERR_TERMINATED'])
      pipe.receive(Buffer.concat([frame(TEXT, 'late'), frame(PING), frame(CLOSE, closeBody(1000))]))
      expect(sent()).to.deep.equal([])
      connection.fail(boom(1002))
      connection.startClosingHandshake(1000, '')
      pipe.sink.end()
      expect(pipe.calls).to.deep.equal(['resume', 'end'])
      pipe.sink.close()
      expect(owner.events).to.deep.equal(['closed 1006 unclean WS_ERR_TERMINATED', 'released'])
      expect(sent()).to.deep.equal([])
    })

    it('sends no Close frame without a code, and no second one', () => {
      const silent = openConnection()
      silent.connection.fail(boom())
      expect(silent.sent()).to.deep.equal([])
      expect(silent.pipe.calls).to.deep.equal(['resume', 'end'])

      const { connection, pipe, owner, sent } = openConnection()
      connection.startClosingHandshake(3000, '')
      pipe.receive(frame(0x3))
      expect(sent()).to.deep.equal(['close 0bb8'])
      expect(owner.events).to.deep.equal(['closed 1006 unclean WS_ERR_INVALID_OPCODE'])
      expect(pipe.calls).to.deep.equal(['pause', 'resume', 'end'])
    })

    it('has an effect until the closing handshake is done, and tells the code that was received', () => {
      const { connection, pipe, owner, sent } = openConnection()
      pipe.receive(frame(CLOSE, closeBody(4000, 'theirs')))
      connection.fail(boom(1001))
      expect(sent()).to.deep.equal(['close 03e9'])
      expect(owner.events).to.deep.equal(['close received', 'closed 4000 unclean WS_ERR_TERMINATED theirs'])

      const other = openConnection()
      other.connection.startClosingHandshake(3000, '')
      other.sent()
      other.pipe.receive(frame(CLOSE, closeBody(1000)))
      other.connection.fail(boom(1001))
      other.pipe.sink.close()
      expect(other.owner.events).to.deep.equal(['closed 1000 clean', 'released'])
    })

    it('TCP that ends without a Close frame fails the connection', () => {
      for (const begin of [
        (): void => {},
        ({ connection }: Harness): void => connection.startClosingHandshake(1000, ''),
        ({ pipe }: Harness): void => pipe.receive(frame(TEXT, 'cut').subarray(0, 3)),
      ]) {
        const harness = openConnection()
        begin(harness)
        harness.pipe.sink.end()
        expect(harness.owner.events).to.deep.equal(['closed 1006 unclean WS_ERR_CONNECTION_LOST'])
        expect(harness.pipe.calls).to.deep.equal(['resume', 'end'])
        harness.pipe.sink.close()
        expect(harness.owner.events.slice(1)).to.deep.equal(['released'])
      }
    })

    it('TCP that breaks fails the connection, with the cause', () => {
      const cause = new Error('ECONNRESET')
      for (const begin of [
        (): void => {},
        ({ connection }: Harness): void => connection.startClosingHandshake(1000, ''),
      ]) {
        const harness = openConnection()
        begin(harness)
        harness.pipe.sink.close(cause)
        expect(harness.owner.events).to.deep.equal(['closed 1006 unclean WS_ERR_CONNECTION_LOST', 'released'])
        expect(harness.owner.closure?.error?.cause).to.equal(cause)
      }
      const { pipe, owner } = openConnection()
      pipe.sink.close()
      expect(owner.closure?.error).not.to.have.property('cause')
    })

    it('TCP that breaks between the Close frames is unclean, with the code that was received', () => {
      const { pipe, owner } = openConnection()
      pipe.receive(frame(CLOSE, closeBody(4000, 'theirs')))
      pipe.sink.close(new Error('ECONNRESET'))
      expect(owner.events).to.deep.equal([
        'close received',
        'closed 4000 unclean WS_ERR_CONNECTION_LOST theirs',
        'released',
      ])
    })

    it('an abort drops the pipe; with an error the connection has failed, without it was lost', () => {
      const { connection, pipe, owner } = openConnection()
      const error = boom(1000)
      connection.abort(error)
      expect(pipe.calls).to.deep.equal(['abort'])
      expect(pipe.reason).to.equal(error)
      expect(owner.events).to.deep.equal(['closed 1006 unclean WS_ERR_TERMINATED'])
      expect(pipe.writes).to.deep.equal([])
      pipe.sink.close()
      connection.abort(error)
      expect(pipe.calls).to.deep.equal(['abort'])
      expect(owner.events).to.deep.equal(['closed 1006 unclean WS_ERR_TERMINATED', 'released'])

      const other = openConnection()
      other.connection.abort()
      expect(other.owner.events).to.deep.equal([])
      other.pipe.sink.close()
      expect(other.owner.events).to.deep.equal(['closed 1006 unclean WS_ERR_CONNECTION_LOST', 'released'])
    })

    it('an abort after both Close frames only hastens the clean end', () => {
      const { connection, pipe, owner, sent } = openConnection()
      connection.startClosingHandshake(1000, '')
      sent()
      pipe.receive(frame(CLOSE))
      connection.abort(boom())
      expect(pipe.calls).to.deep.equal(['abort'])
      expect(owner.events).to.deep.equal([])
      pipe.sink.close()
      expect(owner.events).to.deep.equal(['closed 1005 clean', 'released'])
    })

    it('what is sent on behind the end is read over, and a server that goes on too long is cut off', () => {
      const ways: [string, (harness: Harness) => void][] = [
        ['failed', ({ connection }) => connection.fail(boom(1002))],
        [
          'closed',
          ({ connection, pipe }) => {
            connection.startClosingHandshake(1000, '')
            pipe.receive(frame(CLOSE))
          },
        ],
      ]
      for (const [how, finish] of ways) {
        const harness = openConnection()
        finish(harness)
        const { pipe, owner } = harness
        const events = owner.events.length
        for (let sent = 0; sent < MEBIBYTE; sent += 65_536) pipe.receive(Buffer.alloc(65_536, frame(TEXT, 'a')))
        expect(pipe.calls, how).not.to.include('abort')
        pipe.receive(frame(TEXT, 'one too many'))
        expect(pipe.calls, how).to.include('abort')
        expect(owner.events.length).to.equal(events)
      }
    })
  })
})
