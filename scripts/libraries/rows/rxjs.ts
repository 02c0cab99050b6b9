import { deepEqual } from 'node:assert/strict'
import type { Row } from '../row.ts'
import { startStub } from '../server.ts'

export const row: Row = {
  name: 'rxjs',
  server: { stub: 'an echo' },
  reached: 'the option `WebSocketCtor` of `webSocket()`, else the global',
  trip: 'values there and back in order, complete, unsubscribe',
  global: 'either',
  async run(trip) {
    const port = await startStub(trip, (message, peer) => peer.send(message))
    const { webSocket } = await trip.load('rxjs/webSocket')
    const { take, toArray, firstValueFrom } = await trip.load('rxjs')
    const subject = webSocket({ url: `ws://127.0.0.1:${port}/`, WebSocketCtor: trip.option })
    // What is sent before it is open waits.
    for (const value of [1, { two: 'Grüße' }, null]) subject.next(value)
    deepEqual(await firstValueFrom(subject.pipe(take(3), toArray())), [1, { two: 'Grüße' }, null])
  },
}
