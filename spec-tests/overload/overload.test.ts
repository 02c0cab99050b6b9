import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import type { WebSocket as ServerSocket } from 'ws'
import { runNode } from '../support/child.ts'
import { useLoopback } from '../support/ws-server.ts'
import type { Figures } from './client.ts'

const MEBIBYTE = 1024 * 1024
const client = fileURLToPath(new URL('./client.js', import.meta.url))

// The limits that docs/security.md has, each seen from outside: the resident memory of a process with one client. The garbage that
// V8 has not collected yet takes most of what is allowed here.
describe('Overload', function () {
  this.timeout(180_000)
  const loopback = useLoopback()

  async function run(load: string, serve: (socket: ServerSocket) => void): Promise<Figures> {
    const server = await loopback.serve({ perMessageDeflate: false })
    // The first connection is that of the warm-up.
    const ended = runNode(['--expose-gc', client, load, server.url], { limit: 170_000 })
    await server.accept()
    serve((await server.accept()).socket)
    const { exitCode, output, errors } = await ended
    expect(errors).to.equal('')
    expect(exitCode).to.equal(0)
    return JSON.parse(output) as Figures
  }

  it('1 GiB to a slow listener waits in the network, not in memory', async () => {
    const { messages, bytes, note, peak } = await run('receiveSlowly', socket => {
      socket.once('message', () => void flood(socket, 16_384, 64 * 1024))
    })
    expect(note).to.equal('closed cleanly')
    expect(messages).to.equal(16_384)
    expect(bytes).to.equal(1024 * MEBIBYTE)
    expect(peak).to.be.below(128 * MEBIBYTE)
  })

  it('100,000 pings take no memory, and messages go on', async () => {
    let pongs = 0
    const { messages, note, peak } = await run('receivePings', socket => {
      socket.on('pong', () => pongs++)
      socket.once('message', () => {
        const payload = Buffer.alloc(125)
        for (let count = 0; count < 100_000; count++) {
          socket.ping(payload)
          if (count % 10_000 === 9_999) socket.send('message')
        }
        socket.close()
      })
    })
    expect(note).to.equal('closed cleanly')
    expect(messages).to.equal(10)
    expect(pongs).to.be.above(0)
    expect(peak).to.be.below(64 * MEBIBYTE)
  })

  it('500 MB to a peer that does not read wait in memory once, and are freed', async () => {
    const { messages, bytes, note, peak, left } = await run('sendToDeafPeer', socket => socket.pause())
    expect(bytes).to.equal(7630 * 64 * 1024)
    // What the system has taken for the peer does not wait any more.
    expect(messages).to.be.within(bytes - 16 * MEBIBYTE, bytes)
    expect(note).to.equal('WS_ERR_TERMINATED')
    expect(peak).to.be.below(bytes + 100 * MEBIBYTE)
    expect(left).to.be.below(4 * MEBIBYTE)
  })

  it('with maxBufferedAmount no more waits than that and one message', async () => {
    const { messages, bytes, note, peak } = await run('sendWithLimit', socket => socket.pause())
    expect(note).to.equal('QuotaExceededError')
    expect(messages).to.be.within(MEBIBYTE, MEBIBYTE + 64 * 1024)
    expect(bytes).to.be.below(64 * MEBIBYTE)
    expect(peak).to.be.below(64 * MEBIBYTE)
  })

  it('a WebSocketStream takes no more from its writer than the peer reads', async () => {
    const { bytes, peak } = await run('streamToDeafPeer', socket => socket.pause())
    expect(bytes).to.be.below(32 * MEBIBYTE)
    expect(peak).to.be.below(64 * MEBIBYTE)
  })
})

/** Sends messages with some backpressure of its own, and closes. */
async function flood(socket: ServerSocket, count: number, size: number): Promise<void> {
  const message = Buffer.alloc(size, 1)
  for (let sent = 1; sent <= count; sent++) {
    if (sent % 64 !== 0) socket.send(message)
    else await new Promise(resolve => socket.send(message, resolve))
  }
  socket.close()
}
