import { deepEqual, equal } from 'node:assert/strict'
import type { Row } from '../row.ts'
import { event, startSocketIo } from '../server.ts'

export const row: Row = {
  name: 'socket.io-client',
  server: 'socket.io',
  reached: "the global, with `transports: [WebSocket]` of this library and `binaryType: 'arraybuffer'` of ours",
  trip: 'WebSocket alone: an acknowledged event with text and binary, an answer, disconnect by the server',
  defaults: { binaryType: 'arraybuffer' },
  async run(trip) {
    const port = await startSocketIo(trip, peer => {
      peer.on('echo', (text: string, bytes: Uint8Array, answer: (...all: unknown[]) => void) => answer(text, bytes))
      peer.on('leave', () => peer.disconnect())
    })

    const { io: connect, WebSocket } = await trip.load('socket.io-client')
    const socket = connect(`http://127.0.0.1:${port}`, { transports: [WebSocket] })
    await event(socket, 'connect')
    equal(trip.sockets[0]!.binaryType, 'arraybuffer')
    const bytes = new Uint8Array(100_000).fill(7)
    const [text, back] = await new Promise<[string, ArrayBuffer]>(resolve => {
      socket.emit('echo', 'Grüße', bytes, (...all: [string, ArrayBuffer]) => resolve(all))
    })
    equal(text, 'Grüße')
    deepEqual(new Uint8Array(back), bytes)
    socket.emit('leave')
    equal(await event(socket, 'disconnect'), 'io server disconnect')
  },
}
