import { expect } from 'chai'
import { constantFrom, tuple } from 'fast-check'
import { WebSocket } from '#lib/entry/node.js'
import { extensionLines, MemoryServer } from '../support/memory-server.ts'
import { type RawPeer, startRawServer } from '../support/raw-server.ts'
import { turns } from '../support/turns.ts'
import { type Property, property } from './property.ts'
import { anyStream, type Cuts, cut, cuts, type ServerStream, WHOLE } from './server-stream.ts'
import { SocketLog } from './socket-log.ts'

/*
 * The same streams, all the way up to the events of a WebSocket: within the process, where it is known how the bytes are
 * cut, and over TCP.
 */

type Ending = 'end' | 'abort'

const options = { maxPayload: 100_000, closeTimeout: 0 }

/** The events of a socket whose server sends this and then ends. */
async function overMemory({ bytes, deflate }: ServerStream, sizes: Cuts, ending: Ending): Promise<string[]> {
  const server = new MemoryServer()
  const socket = new WebSocket('ws://server.example/', { ...options, connect: server.client })
  socket.binaryType = 'arraybuffer'
  const log = new SocketLog(socket)
  await server.requested
  const all = Buffer.concat([server.acceptance(...extensionLines(deflate)), bytes])
  for (const piece of cut(all, sizes)) server.send(piece)
  server[ending]()
  await log.closed
  // What must not come any more gets the time to.
  await turns(3)
  log.verify()
  return log.lines
}

async function overTcp({ bytes, deflate }: ServerStream, sizes: Cuts): Promise<string[]> {
  const server = await startRawServer(async (peer: RawPeer) => {
    const all = Buffer.concat([peer.acceptance(...extensionLines(deflate)), bytes])
    try {
      for (const piece of cut(all, sizes)) await peer.write(piece)
      peer.end()
    } catch {
      // The client may have dropped the connection by now.
    }
    await peer.closed
  })
  try {
    const socket = new WebSocket(server.url, options)
    socket.binaryType = 'arraybuffer'
    const log = new SocketLog(socket)
    await log.closed
    log.verify()
    return log.lines
  } finally {
    await server.close()
  }
}

export const sockets: readonly Property[] = [
  property(
    'a socket has the same events however the bytes are cut',
    150,
    tuple(anyStream, cuts, constantFrom<Ending>('end', 'abort')),
    async ([stream, sizes, ending]) => {
      const whole = await overMemory(stream, WHOLE, ending)
      expect(await overMemory(stream, sizes, ending)).to.deep.equal(whole)
    },
  ),
  property(
    'a socket has the same events over TCP as within the process',
    25,
    tuple(anyStream, cuts),
    async ([stream]) => {
      const whole = await overMemory(stream, WHOLE, 'end')
      expect(await overTcp(stream, [200])).to.deep.equal(whole)
    },
  ),
]
