import { deepEqual } from 'node:assert/strict'
import type { Row } from '../row.ts'
import { json, startStub } from '../server.ts'

export const row: Row = {
  name: 'centrifuge',
  server: { stub: 'the JSON protocol: connect, subscribe, publish' },
  reached: 'the option `websocket`, else the global',
  trip: 'connect, subscribe, publish, receive, disconnect',
  global: 'either',
  async run(trip) {
    const port = await startStub(trip, (text, peer) => {
      for (const line of text.split('\n')) {
        const { id, connect, subscribe, publish } = JSON.parse(line)
        if (connect) peer.send(json({ id, connect: { client: 'one', version: 'stub' } }))
        if (subscribe) peer.send(json({ id, subscribe: {} }))
        if (!publish) continue
        const push = { channel: publish.channel, pub: { data: publish.data } }
        // Several in one message, as the protocol allows.
        peer.send(`${json({ push })}\n${json({ id, publish: {} })}`)
      }
    })
    const { Centrifuge } = await trip.load('centrifuge')
    const client = new Centrifuge(`ws://127.0.0.1:${port}/connection`, {
      ...(trip.option && { websocket: trip.option }),
    })
    client.connect()
    await client.ready()
    const subscription = client.newSubscription('news')
    const received = new Promise<any>(resolve => subscription.on('publication', resolve))
    subscription.subscribe()
    await subscription.ready()
    await subscription.publish({ text: 'Grüße' })
    deepEqual((await received).data, { text: 'Grüße' })
    client.disconnect()
  },
}
