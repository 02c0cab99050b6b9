import { deepEqual, equal } from 'node:assert/strict'
import type { Row } from '../row.ts'
import { event, startSocketIo } from '../server.ts'

export const row: Row = {
  name: 'socket.io-client',
  server: 'socket.io',
  reached: "the global, with `transports: [Fetch, WebSocket]` of this library and `binaryType: 'arraybuffer'` of ours",
  trip: 'begins with polling and upgrades: an acknowledged event before and after',
  defaults: { binaryType: 'arraybuffer' },
  async run(trip) {
    const port = await startSocketIo(trip, peer => {
      peer.on('echo', (bytes: Uint8Array, answer: (back: Uint8Array) => void) => answer(bytes))
    })

    const { io: connect, Fetch, WebSocket } = await trip.load('socket.io-client')
    const socket = connect(`http://127.0.0.1:${port}`, { transports: [Fetch, WebSocket] })
    const upgraded = new Promise<any>(resolve => socket.io.on('open', () => socket.io.engine.on('upgrade', resolve)))
    await event(socket, 'connect')
    deepEqual(new Uint8Array(await socket.emitWithAck('echo', new Uint8Array([1, 2]))), new Uint8Array([1, 2]))
    equal((await upgraded).name, 'websocket')
    deepEqual(new Uint8Array(await socket.emitWithAck('echo', new Uint8Array([3, 4]))), new Uint8Array([3, 4]))
    socket.disconnect()
  },
}
