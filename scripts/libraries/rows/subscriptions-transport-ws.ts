import { deepEqual, equal } from 'node:assert/strict'
import type { Row } from '../row.ts'
import { json, startStub } from '../server.ts'

export const row: Row = {
  name: 'subscriptions-transport-ws',
  packages: ['graphql'],
  // The server of the package takes no version of graphql that others here take.
  server: { stub: 'the protocol graphql-ws of Apollo: init, start, data, complete' },
  reached: 'the third argument, else the global',
  trip: 'a subscription to its end',
  global: 'either',
  async run(trip) {
    const port = await startStub(
      trip,
      (message, peer) => {
        const { type, id } = JSON.parse(message)
        if (type === 'connection_init') peer.send(json({ type: 'connection_ack' }))
        if (type !== 'start') return
        for (const count of [1, 2]) peer.send(json({ type: 'data', id, payload: { data: { count } } }))
        peer.send(json({ type: 'complete', id }))
      },
      { handleProtocols: protocols => protocols.has('graphql-ws') && 'graphql-ws' },
    )
    const { default: all, SubscriptionClient = all.SubscriptionClient } = await trip.load('subscriptions-transport-ws')
    const client = new SubscriptionClient(`ws://127.0.0.1:${port}/`, {}, trip.option)
    trip.after(() => client.close())
    const results: unknown[] = []
    await new Promise<void>((complete, error) => {
      const next = ({ data }: { data: unknown }): void => void results.push(data)
      client.request({ query: 'subscription { count }' }).subscribe({ next, error, complete })
    })
    deepEqual(results, [{ count: 1 }, { count: 2 }])
    equal(trip.sockets[0]!.protocol, 'graphql-ws')
  },
}
