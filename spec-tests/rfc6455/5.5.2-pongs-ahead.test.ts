import { expect } from 'chai'
import { ping, type WebSocket } from '#lib/entry/node.js'
import { noise } from '../support/noise.ts'
import { CLOSE, closeBody, frame, PING, PONG, type RawFrame, type RawPeer, TEXT } from '../support/raw-server.ts'
import { openConnection, parseClientFrames, type ScriptedPipe } from '../support/scripted-pipe.ts'
import { turns } from '../support/turns.ts'
import { useLoopback } from '../support/ws-server.ts'

const MIB = 1024 * 1024
const NAMES: Record<number, string> = { [TEXT]: 'text', 2: 'binary', [CLOSE]: 'close', [PING]: 'ping', [PONG]: 'pong' }

/** RFC 6455 section 5.5.2: a pong is sent "as soon as is practical", ahead of messages that wait for a slow network. */
describe('RFC 6455 section 5.5.2: control frames go ahead of what waits', () => {
  const loopback = useLoopback()

  /** Fills the network and far more, and gives the frames that the peer reads until the message with this text. */
  async function upload(
    socket: WebSocket,
    peer: RawPeer,
    count: number,
    size: number,
  ): Promise<() => Promise<RawFrame[]>> {
    peer.pause()
    for (let index = 0; index < count; index++) socket.send(new Uint8Array(size))
    await turns(5)
    return async () => {
      socket.send('last')
      peer.resume()
      const frames: RawFrame[] = []
      do frames.push(await peer.readFrame())
      while (frames.at(-1)!.text !== 'last')
      return frames
    }
  }

  for (const [count, size] of [
    [32, MIB],
    [512, 64 * 1024],
    [60_000, 500],
    [8, 4 * MIB],
  ] as const) {
    it(`a pong overtakes ${count} messages of ${size} bytes`, async () => {
      const { socket, peer } = await loopback.rawPair({ perMessageDeflate: false })
      const read = await upload(socket, peer, count, size)
      const before = socket.bufferedAmount
      await peer.send(PING, 'one')
      await peer.send(PING, 'two')
      await turns(10)
      const frames = await read()
      const pongs = frames.filter(({ opcode }) => opcode === PONG)
      // Only the newest ping is owed a pong.
      expect(pongs.map(({ text }) => text)).to.deep.equal(['two'])
      expect(frames.filter(({ opcode }) => opcode === 2)).to.have.length(count)
      let behind = 0
      for (const { opcode, payload } of frames.slice(frames.indexOf(pongs[0]!)))
        if (opcode === 2) behind += payload.length
      // What the client had queued is behind the pong, but for what the system takes at a time and the rest of a message.
      expect(behind).to.be.at.least(before - 4 * MIB - size)
      expect(before).to.be.above(6 * MIB + size)
    }).timeout(60_000)
  }

  it('so does a ping of ours', async () => {
    const { socket, peer } = await loopback.rawPair({ perMessageDeflate: false })
    const read = await upload(socket, peer, 64, 512 * 1024)
    void ping(socket, 'one')
    void ping(socket, 'two')
    const frames = await read()
    const pings = frames.filter(({ opcode }) => opcode === PING)
    expect(pings.map(({ text }) => text)).to.deep.equal(['one', 'two'])
    expect(frames.indexOf(pings[1]!)).to.be.below(frames.length - 10)
    expect(frames).to.have.length(67)
  }).timeout(60_000)

  it('a server whose heartbeat wants a pong does not give up during an upload', async () => {
    const { socket, peer } = await loopback.rawPair({ perMessageDeflate: false })
    const read = await upload(socket, peer, 32, MIB)
    for (const name of ['a', 'b', 'c']) {
      await peer.send(PING, name)
      await turns(3)
    }
    expect((await read()).some(({ opcode, text }) => opcode === PONG && text === 'c')).to.equal(true)
  }).timeout(60_000)

  /** The pipe takes one write each time, and drains. */
  function drainAll(pipe: ScriptedPipe): void {
    for (let rounds = 0; rounds < 200; rounds++) {
      const { length } = pipe.writes
      pipe.sink.drain()
      if (pipe.writes.length === length) return
    }
  }

  it('never within a frame, whatever the sizes are, and no byte is lost or moved', () => {
    for (const sizes of [
      [0, 1, 125, 126, 127, 65_535, 65_536, 70_000, 300_000, 524_280, 524_288, 700_001],
      [3 * MIB, 10, 2 * MIB + 3, 0, 0, 5],
      Array.from({ length: 3000 }, (_, index) => index),
    ]) {
      const { connection, pipe } = openConnection()
      pipe.ready = false
      pipe.buffered = MIB
      connection.sendText('first')
      connection.flush()
      for (const size of sizes) {
        connection.sendBinary(noise(size))
        if (size % 3 === 0) connection.flush()
      }
      connection.flush()
      let asked = 0
      for (let rounds = 0; rounds < 40; rounds++) {
        if (rounds % 2 === 0) pipe.receive(frame(PING, `${asked++}`))
        pipe.sink.drain()
      }
      drainAll(pipe)
      const all = parseClientFrames(Buffer.concat(pipe.writes.map(({ bytes }) => bytes)))
      const messages = all.filter(({ opcode }) => opcode < CLOSE)
      expect(messages.slice(1).map(({ payload }) => payload.length)).to.deep.equal(sizes)
      for (const [index, { payload }] of messages.slice(1).entries()) {
        expect(payload.equals(noise(sizes[index]!)), `message ${index}`).to.equal(true)
      }
      const pongs = all.filter(({ opcode }) => opcode === PONG).map(({ payload }) => Number(payload.toString()))
      expect(pongs.at(-1)).to.equal(asked - 1)
      expect(pongs).to.deep.equal(pongs.toSorted((one, other) => one - other))
    }
  })

  it('within a fragmented message, and before our Close frame', () => {
    const { connection, pipe, owner } = openConnection()
    pipe.ready = false
    pipe.buffered = MIB
    connection.sendText('first')
    connection.flush()
    connection.sendBinary(new Uint8Array(600_000))
    connection.startClosingHandshake(1000, '')
    connection.flush()
    pipe.receive(frame(PING, 'p'))
    drainAll(pipe)
    const all = parseClientFrames(Buffer.concat(pipe.writes.map(({ bytes }) => bytes)))
    expect(all.map(({ opcode }) => NAMES[opcode])).to.deep.equal(['text', 'pong', 'binary', 'close'])
    pipe.receive(frame(CLOSE, closeBody(1000)))
    pipe.sink.close()
    expect(owner.events.at(-2)).to.equal('closed 1000 clean')
  })

  it('our end comes behind all of it', () => {
    const { connection, pipe } = openConnection()
    pipe.ready = false
    pipe.buffered = MIB
    connection.sendText('first')
    connection.flush()
    connection.sendBinary(new Uint8Array(2 * MIB))
    connection.flush()
    pipe.receive(frame(0x3))
    expect(pipe.calls).to.deep.equal(['pause', 'resume'])
    drainAll(pipe)
    expect(pipe.calls).to.deep.equal(['pause', 'resume', 'end'])
    const all = parseClientFrames(Buffer.concat(pipe.writes.map(({ bytes }) => bytes)))
    expect(all.map(({ opcode }) => NAMES[opcode])).to.deep.equal(['text', 'binary', 'close'])
  })
})
