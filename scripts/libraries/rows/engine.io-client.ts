import { deepEqual, equal } from 'node:assert/strict'
import type { Row } from '../row.ts'
import { event, startHttp } from '../server.ts'

export const row: Row = {
  name: 'engine.io-client',
  server: 'engine.io',
  reached: "the global, with `transports: [WebSocket]` of this library and `binaryType: 'arraybuffer'` of ours",
  trip: 'an echo of text and of binary, close',
  defaults: { binaryType: 'arraybuffer' },
  async run(trip) {
    const { server, port } = await startHttp(trip)
    const engine = (await trip.load('engine.io')).attach(server)
    engine.on('connection', (peer: any) => peer.on('message', (data: unknown) => peer.send(data)))

    const { Socket, WebSocket } = await trip.load('engine.io-client')
    const socket = new Socket(`ws://127.0.0.1:${port}`, { transports: [WebSocket] })
    await event(socket, 'open')
    equal(trip.sockets.length, 1)
    socket.send('Grüße')
    equal(await event(socket, 'message'), 'Grüße')
    socket.send(new Uint8Array([1, 2, 3]))
    deepEqual(new Uint8Array(await event(socket, 'message')), new Uint8Array([1, 2, 3]))
    // It may fire within the call.
    const closed = event(socket, 'close')
    socket.close()
    equal(await closed, 'forced close')
  },
}
