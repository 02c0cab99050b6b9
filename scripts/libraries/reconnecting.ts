import { equal } from 'node:assert/strict'
import type { Row, Trip } from './row.ts'
import { startStub } from './server.ts'

/**
 * A row for a library whose class connects again when its connection was lost.
 *
 * @param load gives the class, whose arguments are a URL, subprotocols and options
 */
export function reconnectingRow(name: string, load: (trip: Trip) => Promise<any>): Row {
  return {
    name,
    server: { stub: 'an echo; it drops the first connection' },
    reached: 'the option `WebSocket`, else the global',
    trip: 'an echo, a lost connection, a new one, an echo',
    global: 'either',
    async run(trip) {
      const port = await startStub(trip, (message, peer) => {
        if (message === 'drop') peer.terminate()
        else peer.send(message)
      })
      const Reconnecting = await load(trip)
      const options = { WebSocket: trip.option, minReconnectionDelay: 1, maxReconnectionDelay: 1 }
      const socket = new Reconnecting(`ws://127.0.0.1:${port}/`, [], options)
      trip.after(() => socket.close())
      const next = (type: string) => new Promise<any>(resolve => socket.addEventListener(type, resolve, { once: true }))
      await next('open')
      socket.send('one')
      equal((await next('message')).data, 'one')
      const again = next('open')
      socket.send('drop')
      await again
      socket.send('two')
      equal((await next('message')).data, 'two')
      equal(trip.sockets.length, 2)
    },
  }
}
