import { expect } from 'chai'
import { failure, terminate, WebSocket } from '#lib/entry/node.js'
import { compress } from '../support/compress.ts'
import { hex } from '../support/frame-recorder.ts'
import {
  BINARY,
  CLOSE,
  closeBody,
  frame,
  PING,
  PONG,
  type RawFrame,
  type RawPeer,
  TEXT,
} from '../support/raw-server.ts'
import { openConnection } from '../support/scripted-pipe.ts'
import { turns } from '../support/turns.ts'
import { next, record, useLoopback } from '../support/ws-server.ts'

const BAD_FRAME = Buffer.from([0xff, 0xff])

const VIOLATIONS: Record<string, [bytes: Uint8Array, closeCode: number]> = {
  'a reserved opcode': [frame(0x3), 1002],
  'a masked frame': [frame(TEXT, 'x', { mask: new Uint8Array(4) }), 1002],
  'text that is not UTF-8': [frame(TEXT, new Uint8Array([0xff])), 1007],
  'a message above maxPayload': [frame(BINARY, new Uint8Array(2000)), 1009],
  'a Close frame with a code that is never sent': [frame(CLOSE, closeBody(1005)), 1002],
}

/** RFC 6455 section 7.1.7: what came before a violation is heard before the failure, and answered before our Close frame. */
describe('RFC 6455 section 7.1.7: a violation waits its turn', () => {
  const loopback = useLoopback()

  async function framesUntilClose(peer: RawPeer): Promise<RawFrame[]> {
    const frames: RawFrame[] = []
    for (;;) {
      const one = await peer.readFrame()
      frames.push(one)
      if (one.opcode === CLOSE) return frames
    }
  }

  for (const [what, [bytes, closeCode]] of Object.entries(VIOLATIONS)) {
    for (const count of [1, 10, 1500]) {
      it(`${what} behind ${count} messages: all are answered, then the Close frame comes`, async () => {
        const { socket, peer } = await loopback.rawPair({ maxPayload: 1000 })
        const states = new Set<number>()
        socket.onmessage = ({ data }) => {
          states.add(socket.readyState)
          socket.send(data as string)
        }
        const closed = next(socket, 'close')
        const messages = Array.from({ length: count }, (_, index) => frame(TEXT, `${index}`))
        await peer.write(Buffer.concat([...messages, bytes]))
        const frames = await framesUntilClose(peer)
        expect(frames.slice(0, -1).map(({ text }) => text)).to.deep.equal(messages.map((_, index) => `${index}`))
        expect(frames.at(-1)!.payload.subarray(0, 2)).to.deep.equal(closeBody(closeCode))
        expect([...states]).to.deep.equal([WebSocket.OPEN])
        peer.end()
        expect(await closed).to.include({ code: 1006, wasClean: false })
        expect(failure(socket)!.closeCode).to.equal(closeCode)
      })
    }
  }

  it('in the packet of the 101: open, the message, then the failure', async () => {
    const server = await loopback.serveRaw()
    const socket = loopback.socket(server.url)
    const events = record(socket)
    socket.onopen = () => socket.send('hello')
    socket.onmessage = () => socket.send('answer')
    const closed = next(socket, 'close')
    const peer = await server.accept()
    await peer.write(Buffer.concat([peer.acceptance(), frame(TEXT, 'message'), BAD_FRAME]))
    const frames = await framesUntilClose(peer)
    expect(frames.map(({ text }) => text).slice(0, -1)).to.deep.equal(['hello', 'answer'])
    peer.end()
    await closed
    expect(events.map(event => event.split(' ')[0])).to.deep.equal(['open', 'message', 'error', 'close'])
  })

  it('answers that are compressed, and Blobs, are sent before the Close frame', async () => {
    const server = await loopback.serveRaw()
    const socket = loopback.socket(server.url)
    socket.onmessage = () => {
      socket.send('x'.repeat(400_000))
      socket.send(new Blob(['y'.repeat(400_000)]))
      socket.send('last')
    }
    const closed = next(socket, 'close')
    const peer = await server.accept()
    await peer.accept('Sec-WebSocket-Extensions: permessage-deflate')
    await peer.write(Buffer.concat([frame(TEXT, 'message'), BAD_FRAME]))
    const frames = await framesUntilClose(peer)
    expect(frames.filter(({ opcode }) => opcode !== 0).map(({ opcode }) => opcode)).to.deep.equal([
      TEXT,
      BINARY,
      TEXT,
      CLOSE,
    ])
    expect(frames.at(-2)!.text).to.equal('last')
    await peer.ended
    peer.end()
    await closed
  })

  it('a Blob that cannot be read does not hold up the Close frame', async () => {
    const { socket, peer } = await loopback.rawPair()
    // The violation is known by then.
    const blob = blobOf(async () => {
      await turns(5)
      throw new Error('gone')
    })
    socket.onmessage = () => socket.send(blob)
    const closed = next(socket, 'close')
    await peer.write(Buffer.concat([frame(TEXT, 'message'), BAD_FRAME]))
    expect((await framesUntilClose(peer)).map(({ opcode }) => opcode)).to.deep.equal([CLOSE])
    await peer.ended
    peer.end()
    await closed
    expect(failure(socket)!.code).to.equal('WS_ERR_RESERVED_BITS')
  })

  it('a Blob that is never read is given up after closeTimeout', async () => {
    const { socket, peer } = await loopback.rawPair({ closeTimeout: 50 })
    const blob = blobOf(() => new Promise(() => {}))
    socket.onmessage = () => socket.send(blob)
    const closed = next(socket, 'close')
    await peer.write(Buffer.concat([frame(TEXT, 'message'), BAD_FRAME]))
    await closed
    await peer.ended
  })

  it('terminate() in a listener: nothing follows, and it is the reason', async () => {
    const { socket, peer } = await loopback.rawPair()
    const events = record(socket)
    socket.addEventListener('message', () => terminate(socket))
    const closed = next(socket, 'close')
    await peer.write(Buffer.concat([frame(TEXT, 'one'), frame(TEXT, 'two'), BAD_FRAME]))
    await closed
    expect(events.map(event => event.split(' ')[0])).to.deep.equal(['message', 'error', 'close'])
    expect(failure(socket)!.code).to.equal('WS_ERR_TERMINATED')
  })

  it('close() in a listener: its Close frame is the only one, and the violation the reason', async () => {
    const { socket, peer } = await loopback.rawPair()
    const events = record(socket)
    socket.addEventListener('message', () => socket.close(3000))
    const closed = next(socket, 'close')
    await peer.write(Buffer.concat([frame(TEXT, 'one'), frame(TEXT, 'two'), BAD_FRAME]))
    expect((await peer.readFrame()).payload).to.deep.equal(closeBody(3000))
    expect(await peer.readToEnd()).to.have.length(0)
    peer.end()
    await closed
    expect(events.map(event => event.split(' ')[0])).to.deep.equal(['message', 'error', 'close'])
    expect(failure(socket)!.code).to.equal('WS_ERR_RESERVED_BITS')
  })

  it('a heartbeat that is due meanwhile does not drop the connection', async () => {
    const { socket, peer } = await loopback.rawPair({ heartbeat: { interval: 20, timeout: 20 } })
    // The thread sleeps, which costs no CPU time.
    const flag = new Int32Array(new SharedArrayBuffer(4))
    socket.onmessage = () => {
      Atomics.wait(flag, 0, 0, 50)
      socket.send('late')
    }
    const messages = Array.from({ length: 4 }, () => frame(TEXT, 'x'.repeat(20_000)))
    await peer.write(Buffer.concat([...messages, BAD_FRAME]))
    const frames = (await framesUntilClose(peer)).filter(({ opcode }) => opcode !== PING)
    expect(frames.map(({ text }) => text).slice(0, -1)).to.deep.equal(['late', 'late', 'late', 'late'])
    expect(failure(socket)!.code).to.equal('WS_ERR_RESERVED_BITS')
  })

  it('a pong is sent at once, and nothing that follows is read', async () => {
    const { socket, peer } = await loopback.rawPair()
    socket.onmessage = ({ data }) => socket.send(data as string)
    await peer.write(Buffer.concat([frame(TEXT, 'one'), frame(PING, 'p'), BAD_FRAME, frame(TEXT, 'two'), frame(PING)]))
    expect((await framesUntilClose(peer)).map(({ opcode }) => opcode)).to.deep.equal([PONG, TEXT, CLOSE])
  })

  it('a pipe that ends or closes meanwhile: the violation stays the reason, behind what was read', async () => {
    for (const ending of ['end', 'close'] as const) {
      const { pipe, owner, connection, sent } = openConnection()
      owner.failAfterViolation = () => {}
      pipe.receive(frame(TEXT, 'one'), BAD_FRAME)
      expect(pipe.calls).to.deep.equal(['pause'])
      expect(connection.writable).to.equal(true)
      if (ending === 'end') {
        pipe.sink.end()
        expect(owner.events).to.deep.equal(['text one'])
        connection.sendText('answer')
        connection.failAfterViolation()
        expect(sent()).to.deep.equal(['text answer', `close ${hex(closeBody(1002))}`])
        expect(owner.events).to.deep.equal(['text one', 'closed 1006 unclean WS_ERR_RESERVED_BITS'])
      } else {
        pipe.sink.close(new Error('reset'))
        connection.failAfterViolation()
        expect(owner.events).to.deep.equal(['text one', 'closed 1006 unclean WS_ERR_RESERVED_BITS', 'released'])
      }
    }
  })

  it('DEFLATE that is none, behind compressed messages', async () => {
    const server = await loopback.serveRaw()
    const socket = loopback.socket(server.url)
    socket.onmessage = ({ data }) => socket.send(data as string)
    const peer = await server.accept()
    await peer.accept('Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover')
    const good = frame(TEXT, compress('good'), { rsv: 4 })
    await peer.write(Buffer.concat([good, good, frame(TEXT, new Uint8Array([0xff, 0xff]), { rsv: 4 })]))
    const frames = await framesUntilClose(peer)
    expect(frames.map(({ text }) => text).slice(0, -1)).to.deep.equal(['good', 'good'])
    expect(frames.at(-1)!.payload.subarray(0, 2)).to.deep.equal(closeBody(1007))
  })
})

/** A Blob of a library: the host's own would be read by its slots, whatever its methods are. */
function blobOf(arrayBuffer: () => Promise<never>): Blob {
  return { [Symbol.toStringTag]: 'Blob', size: 1, arrayBuffer } as unknown as Blob
}
