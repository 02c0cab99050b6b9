import { equal } from 'node:assert/strict'
import type { Row } from '../row.ts'
import { startStub } from '../server.ts'

export const row: Row = {
  name: 'isomorphic-ws',
  server: { stub: 'an echo' },
  reached: 'the global, by its `browser` field, which a bundler takes; without one it takes ws',
  trip: 'its default export is our class; an echo',
  large: true,
  async run(trip) {
    const port = await startStub(trip, (message, peer) => peer.send(message))
    const { default: WebSocket } = await trip.bundle('isomorphic-ws')
    equal(WebSocket, trip.WebSocket)
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`)
    trip.after(() => socket.close())
    socket.onopen = () => socket.send('Grüße')
    equal((await new Promise<any>(resolve => (socket.onmessage = resolve))).data, 'Grüße')
  },
}
