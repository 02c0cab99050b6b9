import { type AddressInfo, createServer, type Socket } from 'node:net'
import { acceptanceFor } from '../support/acceptance.ts'
import { Departure } from '../support/departure.ts'
import { type DeflateParameters, writeParameters } from '../support/server-deflate.ts'
import { FuzzingPeer } from './peer.ts'

/** A server on loopback, each of whose connections is a case. */
export interface FuzzingServer {
  readonly url: string
  /** The next connection, once its opening handshake is done. */
  accept(deflate: DeflateParameters | undefined): Promise<FuzzingPeer>
  close(): Promise<void>
}

export async function startFuzzingServer(): Promise<FuzzingServer> {
  const sockets = new Set<Socket>()
  const waiting: Socket[] = []
  let wake: ((socket: Socket) => void) | undefined
  const server = createServer({ allowHalfOpen: true, noDelay: true }, socket => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    if (wake === undefined) waiting.push(socket)
    else wake(socket)
    wake = undefined
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async accept(deflate) {
      const socket =
        waiting.shift() ??
        (await new Promise<Socket>(resolve => {
          wake = resolve
        }))
      const peer = new FuzzingPeer(socket)
      await shakeHands(peer, deflate)
      return peer
    },
    async close() {
      const closed = new Promise(resolve => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** The server's part of RFC 6455 section 4.2.2. */
async function shakeHands(peer: FuzzingPeer, deflate: DeflateParameters | undefined): Promise<void> {
  const head = await peer.readHead()
  const offers = /^sec-websocket-extensions: *permessage-deflate/im.test(head)
  if (!/^sec-websocket-key: *\S/im.test(head)) throw new Departure('the request has no key')
  if (offers !== (deflate !== undefined))
    throw new Departure(`the client ${offers ? 'offers' : 'does not offer'} deflate`)
  const lines = deflate === undefined ? [] : [`Sec-WebSocket-Extensions: ${writeParameters(deflate)}`]
  await peer.write(acceptanceFor(head, ...lines), Number.POSITIVE_INFINITY)
}
