import { equal } from 'node:assert/strict'
import type { Row } from '../row.ts'
import { startStub } from '../server.ts'

export const row: Row = {
  name: 'isows',
  packages: ['ws'],
  server: { stub: 'an echo' },
  reached: 'the global, which has to be there when it is loaded; it imports ws all the same',
  trip: 'its `WebSocket` is our class; an echo',
  async run(trip) {
    const port = await startStub(trip, (message, peer) => peer.send(message))
    const { WebSocket } = await trip.load('isows')
    equal(WebSocket, trip.WebSocket)
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`)
    trip.after(() => socket.close())
    socket.onopen = () => socket.send('Grüße')
    equal((await new Promise<any>(resolve => (socket.onmessage = resolve))).data, 'Grüße')
  },
}
