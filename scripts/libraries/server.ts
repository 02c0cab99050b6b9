import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket as Peer, type ServerOptions, WebSocketServer } from 'ws'
import type { Trip } from './row.ts'

/** Listens on a free port of the loopback interface, until the trip is over. */
export async function listen(trip: Trip, server: Server): Promise<number> {
  trip.after(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

export async function startHttp(trip: Trip): Promise<{ server: Server; port: number }> {
  const server = createServer((_request, response) => response.writeHead(404).end())
  return { server, port: await listen(trip, server) }
}

/** A Socket.IO server on a free port. */
export async function startSocketIo(trip: Trip, onConnection: (peer: any) => void): Promise<number> {
  const { server, port } = await startHttp(trip)
  const { Server } = await trip.load('socket.io')
  new Server(server).on('connection', onConnection)
  return port
}

/** A stub of a protocol: a server of ws that answers each text or binary message by a function. */
export async function startStub(
  trip: Trip,
  onMessage: (message: string, peer: Peer, data: Buffer, binary: boolean) => void,
  { onOpen, ...options }: ServerOptions & { onOpen?: (peer: Peer, url: string) => void } = {},
): Promise<number> {
  const { server, port } = await startHttp(trip)
  new WebSocketServer({ server, ...options }).on('connection', (peer, request) => {
    peer.on('message', (data: Buffer, binary) => onMessage(data.toString(), peer, data, binary))
    onOpen?.(peer, request.url ?? '')
  })
  return port
}

/** The JSON text of a value. */
export const json = (value: unknown): string => JSON.stringify(value)

/** An event of an emitter of Node.js or of one like it; its first argument. Rejects on `error`. */
export function event(emitter: any, name: string): Promise<any> {
  return new Promise((resolve, reject) => {
    const once = (emitter.once ?? emitter.on).bind(emitter)
    once(name, resolve)
    if (name !== 'error') once('error', reject)
  })
}
