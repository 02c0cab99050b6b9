import { deepEqual, equal } from 'node:assert/strict'
import { centrifugeServer } from '../centrifuge-server.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'centrifuge-2',
  // Debian's server speaks the protocol of this version of the library, and not that of the newest.
  server: { started: centrifugeServer },
  reached: 'the option `websocket`, else the global',
  trip: 'connect, subscribe, publish, receive, a call, history of 200 kB, disconnect',
  large: true,
  global: 'either',
  async run(trip) {
    const { port } = await trip.start()
    const { default: Centrifuge } = await trip.load('centrifuge-2')
    const client = new Centrifuge(`ws://127.0.0.1:${port}/connection`, {
      ...(trip.option && { websocket: trip.option }),
    })
    client.connect()
    await new Promise(resolve => client.on('connect', resolve))
    const texts = ['Grüße', 'x'.repeat(100_000), 'y'.repeat(100_000)]
    const received: string[] = []
    await new Promise<void>((resolve, reject) => {
      const subscription = client.subscribe('news', ({ data }: { data: { text: string } }) => {
        received.push(data.text)
        if (received.length === texts.length) resolve()
      })
      subscription.on('error', ({ message }: { message: string }) => reject(new Error(message)))
      subscription.on('subscribe', () => {
        for (const text of texts) subscription.publish({ text }).catch(reject)
      })
    })
    deepEqual(received, texts)
    deepEqual((await client.namedRPC('echo', { asked: 1 })).data, { asked: 1 })
    const { publications } = await client.history('news', { limit: 10 })
    equal(publications.length, texts.length)
    const disconnected = new Promise(resolve => client.on('disconnect', resolve))
    client.disconnect()
    await disconnected
  },
}
