import { expect } from 'chai'
import { ping } from '#lib/entry/node.js'
import { platforms, readFrames } from '../support/frame-recorder.ts'
import { CLOSE, closeBody, frame, PING, PONG, TEXT } from '../support/raw-server.ts'
import { openConnection } from '../support/scripted-pipe.ts'
import { expectFailure } from '../support/violation.ts'
import { next, record, useLoopback } from '../support/ws-server.ts'

/** Enough to make the pipe congested. */
const MUCH = 1024 * 1024

describe('RFC 6455 section 5.5: control frames', function () {
  // A machine with much else to do is slow, and that is no failure.
  this.timeout(60_000)

  for (const [name, platform] of platforms) {
    it(`fails with 1002 for one that is fragmented, ${name} platform`, () => {
      for (const opcode of [CLOSE, PING, PONG]) {
        for (const payload of ['', 'ab']) {
          expect(readFrames([frame(opcode, payload, { fin: false })], platform)).to.deep.equal([
            'violation 1002 WS_ERR_FRAGMENTED_CONTROL',
          ])
        }
        const within = [frame(TEXT, 'a', { fin: false }), frame(opcode, 'b', { fin: false })]
        expect(readFrames([Buffer.concat(within)], platform)).to.deep.equal([
          'violation 1002 WS_ERR_FRAGMENTED_CONTROL',
        ])
      }
    })

    it(`fails with 1002 for one of more than 125 bytes, before its payload comes, ${name} platform`, () => {
      for (const opcode of [CLOSE, PING, PONG]) {
        for (const length of [126, 127, 65535, 65536]) {
          const bytes = frame(opcode, '', { length })
          expect(readFrames([bytes], platform), `${length}`).to.deep.equal(['violation 1002 WS_ERR_LONG_CONTROL'])
          expect(readFrames([bytes.subarray(0, 2)], platform)).to.deep.equal(['violation 1002 WS_ERR_LONG_CONTROL'])
        }
        // Short ones in a long encoding are no better.
        for (const lengthBits of [16, 64] as const) {
          expect(readFrames([frame(opcode, 'a', { lengthBits })], platform)).to.deep.equal([
            'violation 1002 WS_ERR_LONG_CONTROL',
          ])
        }
      }
    })
  }

  describe('section 5.5.2 and 5.5.3: ping and pong', () => {
    it('a ping is answered at once with a pong of the same payload, of every length', () => {
      const { pipe, owner, sent } = openConnection()
      for (let length = 0; length <= 125; length++) {
        const payload = Buffer.from(Array.from({ length }, (_, index) => index ^ length))
        const writes = pipe.writes.length
        pipe.receive(frame(PING, payload))
        // It does not wait for the owner to flush.
        expect(pipe.writes.length).to.equal(writes + 1)
        expect(sent()).to.deep.equal([`pong ${payload.toString('hex')}`])
      }
      expect(owner.events).to.deep.equal([])
    })

    it('each of several pings is answered, in order and in one write, while the pipe takes them', () => {
      const { pipe, sent } = openConnection()
      pipe.receive(Buffer.concat([frame(PING, 'a'), frame(TEXT, 'x'), frame(PING, 'b'), frame(PING, 'c')]))
      expect(pipe.writes.length).to.equal(1)
      expect(sent()).to.deep.equal(['pong 61', 'pong 62', 'pong 63'])
    })

    it('while the pipe is congested only the newest ping is owed a pong, and gets it when the pipe has drained', () => {
      const { connection, pipe, owner, sent } = openConnection()
      pipe.ready = false
      pipe.buffered = MUCH
      connection.sendText('much')
      sent()
      for (const payload of ['a', 'b', 'c']) pipe.receive(frame(PING, payload))
      expect(sent()).to.deep.equal([])
      pipe.ready = true
      pipe.buffered = 0
      pipe.sink.drain()
      expect(sent()).to.deep.equal(['pong 63'])
      pipe.sink.drain()
      expect(sent()).to.deep.equal([])
      expect(owner.events).to.deep.equal(['drained', 'drained'])
    })

    it('a ping that is answered leaves no older one owed', () => {
      const { connection, pipe, sent } = openConnection()
      pipe.ready = false
      pipe.buffered = MUCH
      connection.sendText('much')
      sent()
      pipe.receive(frame(PING, 'old'))
      pipe.buffered = 10
      pipe.receive(frame(PING, 'new'))
      expect(sent()).to.deep.equal([])
      pipe.ready = true
      pipe.sink.drain()
      expect(sent()).to.deep.equal([`pong ${Buffer.from('new').toString('hex')}`])
      pipe.sink.drain()
      expect(sent()).to.deep.equal([])
    })

    it('a pipe that does not tell how much it holds is congested while it has not drained', () => {
      const { connection, pipe, sent } = openConnection()
      pipe.ready = false
      pipe.buffered = undefined
      connection.sendText('a')
      expect(connection.congested).to.equal(false)
      sent()
      expect(connection.congested).to.equal(true)
      pipe.receive(frame(PING, 'a'))
      pipe.receive(frame(PING, 'b'))
      expect(sent()).to.deep.equal([])
      pipe.ready = true
      pipe.sink.drain()
      expect(connection.congested).to.equal(false)
      expect(sent()).to.deep.equal(['pong 62'])
    })

    it('a pong goes past data that waits for its bytes', () => {
      const { connection, pipe, sent } = openConnection()
      const place = connection.reserve()
      connection.sendText('behind')
      pipe.receive(frame(PING, 'a'))
      expect(sent()).to.deep.equal(['pong 61'])
      connection.fill(place, Buffer.from([1]))
      expect(sent()).to.deep.equal(['binary 01', 'text behind'])
    })

    it('a ping is answered after we have sent a Close frame, as long as none was received', () => {
      const { connection, pipe, sent } = openConnection()
      connection.startClosingHandshake(1000, '')
      expect(sent()).to.deep.equal(['close 03e8'])
      pipe.receive(frame(PING, 'a'))
      expect(sent()).to.deep.equal(['pong 61'])
      pipe.receive(Buffer.concat([frame(CLOSE, closeBody(1000)), frame(PING, 'b')]))
      pipe.receive(frame(PING, 'c'))
      expect(sent()).to.deep.equal([])
    })

    it('so is one that came while the pipe was congested', () => {
      const { connection, pipe, sent } = openConnection()
      pipe.ready = false
      pipe.buffered = MUCH
      connection.sendText('much')
      connection.startClosingHandshake(1000, '')
      sent()
      pipe.receive(frame(PING, 'a'))
      expect(sent()).to.deep.equal([])
      pipe.ready = true
      pipe.buffered = 0
      pipe.sink.drain()
      expect(sent()).to.deep.equal(['pong 61'])
    })

    it('a ping is not answered after a Close frame was received, before ours is sent and after', () => {
      const { connection, pipe, sent } = openConnection()
      pipe.receive(Buffer.concat([frame(PING, 'a'), frame(CLOSE), frame(PING, 'b')]))
      pipe.receive(frame(PING, 'c'))
      expect(sent()).to.deep.equal(['pong 61'])
      connection.acknowledgeClose()
      pipe.receive(frame(PING, 'd'))
      expect(sent()).to.deep.equal(['close '])
    })

    it('an owed pong is not sent any more once a Close frame was received', () => {
      const { connection, pipe, sent } = openConnection()
      pipe.ready = false
      pipe.buffered = MUCH
      connection.sendText('much')
      sent()
      pipe.receive(frame(PING, 'a'))
      pipe.receive(frame(CLOSE))
      pipe.ready = true
      pipe.buffered = 0
      pipe.sink.drain()
      expect(sent()).to.deep.equal([])
    })

    it('a pong that nobody asked for is taken without an answer', () => {
      const { pipe, owner, sent } = openConnection()
      pipe.receive(frame(PONG))
      pipe.receive(frame(PONG, 'ab'))
      expect(owner.events).to.deep.equal(['pong ', 'pong 6162'])
      expect(sent()).to.deep.equal([])
    })

    it('our pings are sent while open, and not behind our Close frame or after theirs', () => {
      const { connection, sent } = openConnection()
      const payload = Buffer.alloc(125, 1)
      connection.ping(payload)
      payload.fill(2)
      expect(sent()).to.deep.equal([`ping ${'01'.repeat(125)}`])
      connection.startClosingHandshake(undefined, '')
      connection.ping(payload)
      expect(sent()).to.deep.equal(['close '])

      const other = openConnection()
      other.pipe.receive(frame(CLOSE))
      other.connection.ping(payload)
      expect(other.sent()).to.deep.equal([])
    })
  })

  describe('over a connection', () => {
    const loopback = useLoopback()

    it('pings are answered before the open event and after it, and no event shows', async () => {
      const server = await loopback.serveRaw()
      const socket = loopback.socket(server.url)
      const events = record(socket)
      const peer = await server.accept()
      await peer.write(Buffer.concat([peer.acceptance(), frame(PING, 'early')]))
      expect(await peer.readFrame()).to.include({ opcode: PONG, text: 'early', fin: true, masked: true })
      await peer.send(PING, 'x'.repeat(125))
      expect(await peer.readFrame()).to.include({ opcode: PONG, text: 'x'.repeat(125) })
      await peer.send(PING)
      expect(await peer.readFrame()).to.include({ opcode: PONG, text: '' })
      expect(events).to.deep.equal(['open'])
    })

    it('a pong is awaited by payload, and others change nothing', async () => {
      const { socket, peer } = await loopback.rawPair()
      await peer.send(PONG)
      await peer.send(PONG, 'nobody asked')
      const answered = ping(socket, 'hello')
      const sent = await peer.readFrame()
      expect(sent).to.include({ opcode: PING, text: 'hello', fin: true, masked: true })
      await peer.send(PONG, 'other')
      await peer.send(PONG, sent.payload)
      expect(await answered).to.be.at.least(0)
    })

    it('a flood of pings from a server that does not read is answered by what fits, and by the last', async () => {
      const { socket, peer } = await loopback.rawPair()
      peer.pause()
      // More than the system's buffers hold, so that our pongs get stuck behind it.
      socket.send(new Uint8Array(16 * 1024 * 1024))
      const flood = 20_000
      const pings = Array.from({ length: flood }, (_, index) => frame(PING, `${index}`))
      await peer.write(Buffer.concat(pings))
      const arrived = next(socket, 'message')
      await peer.send(TEXT, 'read it all')
      await arrived
      peer.resume()
      const seen: number[] = []
      expect((await peer.readFrame()).payload.length).to.equal(16 * 1024 * 1024)
      while (seen.at(-1) !== flood - 1) {
        const pong = await peer.readFrame()
        expect(pong.opcode).to.equal(PONG)
        seen.push(Number(pong.text))
      }
      expect(seen.length).to.be.below(flood)
      for (let index = 1; index < seen.length; index++) expect(seen[index]).to.be.above(seen[index - 1]!)
    })

    for (const [what, bytes, code] of [
      ['a fragmented ping', frame(PING, 'a', { fin: false }), 'WS_ERR_FRAGMENTED_CONTROL'],
      ['a fragmented Close frame', frame(CLOSE, closeBody(1000), { fin: false }), 'WS_ERR_FRAGMENTED_CONTROL'],
      ['a ping of 126 bytes', frame(PING, 'x'.repeat(126)), 'WS_ERR_LONG_CONTROL'],
      ['a Close frame of 126 bytes', frame(CLOSE, closeBody(1000, 'x'.repeat(124))), 'WS_ERR_LONG_CONTROL'],
    ] as const) {
      it(`${what} fails the connection with 1002`, async () => {
        await expectFailure(await loopback.rawPair(), bytes, 1002, code)
      })
    }
  })
})
