import { expect } from 'chai'
import { ConnectionError } from '#lib/protocol/errors.js'
import { BINARY, CLOSE, CONTINUATION, closeBody, frame, PING, PONG, TEXT } from '../support/raw-server.ts'
import { type Harness, openConnection, ScriptedPipe } from '../support/scripted-pipe.ts'
import { next, record, useLoopback } from '../support/ws-server.ts'

const STREAM: readonly Uint8Array[] = [
  frame(TEXT, 'one'),
  frame(PING, 'a'),
  frame(BINARY, 'two'),
  frame(PONG, 'b'),
  frame(TEXT, 'th', { fin: false }),
  frame(PING, 'c'),
  frame(CONTINUATION, 'ree'),
  frame(TEXT, 'x'.repeat(300)),
  frame(TEXT, 'last'),
]

/** Has the owner of a connection pause it at each message. */
function pauseAtMessages({ connection, owner }: Harness): void {
  const { onText, onBinary } = owner
  owner.onText = text => {
    onText.call(owner, text)
    connection.pause()
  }
  owner.onBinary = data => {
    onBinary.call(owner, data)
    connection.pause()
  }
}

describe('RFC 6455 section 6.2: receiving data, and holding it up', function () {
  // A machine with much else to do is slow, and that is no failure.
  this.timeout(60_000)

  it('messages come one by one if each is held up for, with all that stands between them, however the bytes are cut', () => {
    const bytes = Buffer.concat(STREAM)
    const free = openConnection()
    free.pipe.receive(bytes)
    const expected = { events: free.owner.events, sent: free.sent() }
    expect(expected.events).to.have.length(6)
    for (let at = 0; at <= bytes.length; at++) {
      const harness = openConnection()
      const { connection, pipe, owner, sent } = harness
      pauseAtMessages(harness)
      pipe.receive(bytes.subarray(0, at), bytes.subarray(at))
      for (let round = 0; round < 10; round++) {
        const { length } = owner.events
        connection.resume()
        const came = owner.events.slice(length).filter(event => !event.startsWith('pong'))
        expect(came.length, `cut at ${at}`).to.be.at.most(1)
      }
      expect({ events: owner.events, sent: sent() }, `cut at ${at}`).to.deep.equal(expected)
    }
  })

  it('what is held up does not depend on the chunk it came in, and what comes later stands behind it', () => {
    const harness = openConnection()
    const { connection, pipe, owner } = harness
    connection.pause()
    expect(pipe.calls).to.deep.equal(['pause'])
    pipe.receive(frame(TEXT, 'one'), frame(TEXT, 'two').subarray(0, 3))
    pipe.receive(frame(TEXT, 'two').subarray(3))
    expect(owner.events).to.deep.equal([])
    expect(connection.reads).to.equal(3)
    connection.resume()
    expect(owner.events).to.deep.equal(['text one', 'text two'])
    expect(pipe.calls).to.deep.equal(['pause', 'resume'])
    pipe.receive(frame(TEXT, 'three'))
    expect(owner.events).to.deep.equal(['text one', 'text two', 'text three'])
  })

  it('the pipe is read on only when nothing is held up any more', () => {
    const harness = openConnection()
    const { connection, pipe, owner } = harness
    pauseAtMessages(harness)
    pipe.receive(Buffer.concat([frame(TEXT, 'one'), frame(TEXT, 'two'), frame(PONG, 'x')]))
    connection.resume()
    expect(pipe.calls).to.deep.equal(['pause', 'pause'])
    expect(owner.events).to.deep.equal(['text one', 'text two'])
    connection.resume()
    expect(pipe.calls).to.deep.equal(['pause', 'pause', 'resume'])
    expect(owner.events.at(-1)).to.equal('pong 78')
  })

  it('a resume within a message lets the next one come behind it, not within it', () => {
    const { connection, pipe, owner } = openConnection()
    let depth = 0
    let deepest = 0
    const { onText } = owner
    owner.onText = text => {
      deepest = Math.max(deepest, ++depth)
      onText.call(owner, text)
      connection.pause()
      connection.resume()
      depth--
    }
    pipe.receive(Buffer.concat([frame(TEXT, 'one'), frame(TEXT, 'two'), frame(TEXT, 'three')]))
    connection.pause()
    pipe.receive(Buffer.concat([frame(TEXT, 'four'), frame(TEXT, 'five')]), frame(TEXT, 'six'))
    connection.resume()
    expect(owner.events).to.deep.equal(['one', 'two', 'three', 'four', 'five', 'six'].map(text => `text ${text}`))
    expect(deepest).to.equal(1)
  })

  it('a Close frame and the end of TCP wait behind messages that are held up', () => {
    const harness = openConnection()
    const { connection, pipe, owner, sent } = harness
    pauseAtMessages(harness)
    pipe.receive(Buffer.concat([frame(TEXT, 'one'), frame(TEXT, 'two'), frame(CLOSE, closeBody(3000, 'bye'))]))
    pipe.sink.end()
    expect(owner.events).to.deep.equal(['text one'])
    connection.resume()
    expect(owner.events).to.deep.equal(['text one', 'text two'])
    expect(pipe.calls).not.to.include('end')
    connection.resume()
    expect(owner.events).to.deep.equal(['text one', 'text two', 'close received'])
    expect(sent()).to.deep.equal([`close ${closeBody(3000, 'bye').toString('hex')}`])
    expect(pipe.calls).to.include('end')
    connection.resume()
    pipe.sink.close()
    expect(owner.events.slice(3)).to.deep.equal(['closed 3000 clean bye', 'released'])
  })

  it('an end of TCP without a Close frame waits, too', () => {
    const { connection, pipe, owner } = openConnection()
    connection.pause()
    pipe.receive(frame(TEXT, 'one'))
    pipe.sink.end()
    expect(owner.events).to.deep.equal([])
    connection.resume()
    expect(owner.events).to.deep.equal(['text one', 'closed 1006 unclean WS_ERR_CONNECTION_LOST'])
  })

  it('a violation is found when its turn comes', () => {
    const { connection, pipe, owner, sent } = openConnection()
    connection.pause()
    pipe.receive(Buffer.concat([frame(TEXT, 'one'), frame(0x3), frame(TEXT, 'two')]))
    expect(owner.events).to.deep.equal([])
    connection.resume()
    expect(owner.events).to.deep.equal(['text one', 'closed 1006 unclean WS_ERR_INVALID_OPCODE'])
    expect(sent()).to.deep.equal(['close 03ea'])
  })

  it('pings behind messages that are held up are answered when their turn comes, without a flush of the owner', () => {
    const { connection, pipe, sent } = openConnection()
    connection.pause()
    pipe.receive(Buffer.concat([frame(TEXT, 'one'), frame(PING, 'a')]))
    expect(sent()).to.deep.equal([])
    connection.resume()
    expect(pipe.writes.length).to.equal(1)
    expect(sent()).to.deep.equal(['pong 61'])
  })

  it('a connection that the owner fails or aborts gives out nothing that was held up', () => {
    const ways: ((harness: Harness) => void)[] = [
      ({ connection }) => connection.fail(new ConnectionError('WS_ERR_TERMINATED', 'boom', { closeCode: 1001 })),
      ({ connection }) => connection.abort(new ConnectionError('WS_ERR_TERMINATED', 'boom')),
    ]
    for (const way of ways) {
      const harness = openConnection()
      const { connection, pipe, owner } = harness
      connection.pause()
      pipe.receive(frame(TEXT, 'one'))
      way(harness)
      expect(owner.events[0]).to.match(/^closed 1006 unclean/)
      const { length } = owner.events
      connection.resume()
      connection.resume()
      expect(owner.events.length).to.equal(length)
    }
  })

  it('a failed connection reads on, so that the end of TCP is seen', () => {
    const { connection, pipe, owner } = openConnection()
    connection.pause()
    connection.fail(new ConnectionError('WS_ERR_TERMINATED', 'boom', { closeCode: 1001 }))
    expect(pipe.calls).to.deep.equal(['pause', 'resume', 'end'])
    pipe.sink.end()
    pipe.sink.close()
    expect(owner.events).to.deep.equal(['closed 1006 unclean WS_ERR_TERMINATED', 'released'])
  })

  it('ref and unref reach the pipe, if it knows them', () => {
    const { connection, pipe } = openConnection()
    connection.unref()
    connection.ref()
    expect(pipe.calls).to.deep.equal(['unref', 'ref'])
    const plain = new ScriptedPipe()
    Object.assign(plain, { ref: undefined, unref: undefined })
    const other = openConnection({ pipe: plain })
    other.connection.unref()
    other.connection.ref()
    expect(plain.calls).to.deep.equal([])
  })

  describe('over a connection', () => {
    const loopback = useLoopback()

    it('thousands of messages in one packet come as that many events, in order', async () => {
      const { socket, peer } = await loopback.rawPair()
      const seen: string[] = []
      const all = new Promise<void>(resolve => {
        socket.onmessage = ({ data }) => {
          seen.push(data)
          if (data === 'end') resolve()
        }
      })
      const expected = [...Array.from({ length: 5000 }, (_, index) => `${index}`), 'end']
      await peer.write(Buffer.concat(expected.map(text => frame(TEXT, text))))
      await all
      expect(seen).to.deep.equal(expected)
    })

    it('more than is held for the listeners comes whole, and then the Close frame', async () => {
      const { socket, peer } = await loopback.rawPair()
      const lengths: number[] = []
      socket.addEventListener('message', ({ data }) => lengths.push(data.length))
      const events = record(socket)
      const closed = next(socket, 'close')
      const message = frame(TEXT, 'x'.repeat(100_000))
      for (let index = 0; index < 100; index++) void peer.write(message)
      await peer.send(CLOSE, closeBody(1000))
      peer.end()
      await closed
      expect(lengths).to.deep.equal(Array(100).fill(100_000))
      expect(events.at(-1)).to.equal('close 1000 clean')
    })
  })
})
