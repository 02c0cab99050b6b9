import { deepEqual, equal } from 'node:assert/strict'
import type { Row } from '../row.ts'
import { startHttp } from '../server.ts'

export const row: Row = {
  name: 'subscriptions-transport-ws',
  packages: ['graphql'],
  server: 'subscriptions-transport-ws',
  reached: 'the third argument, else the global',
  trip: 'a query, a subscription to its end, and one that is refused',
  global: 'either',
  async run(trip) {
    const { default: all, SubscriptionClient = all.SubscriptionClient } = await trip.load('subscriptions-transport-ws')
    const { SubscriptionServer = all.SubscriptionServer } = all
    const { buildSchema, execute, subscribe } = await trip.load('graphql')
    const { server, port } = await startHttp(trip)
    async function* count(): AsyncGenerator<{ count: number }> {
      for (let count = 1; count <= 3; count++) yield { count }
    }
    const schema = buildSchema('type Query { hello: String } type Subscription { count: Int }')
    const rootValue = { hello: () => 'Grüße', count }
    SubscriptionServer.create({ schema, rootValue, execute, subscribe }, { server })

    const client = new SubscriptionClient(`ws://127.0.0.1:${port}/`, {}, trip.option)
    trip.after(() => client.close())
    const collect = async (query: string): Promise<any[]> => {
      const results: unknown[] = []
      await new Promise<void>((complete, error) => {
        client.request({ query }).subscribe({ next: (result: unknown) => void results.push(result), error, complete })
      })
      return results
    }
    const dataOf = async (query: string): Promise<unknown[]> => (await collect(query)).map(({ data }) => ({ ...data }))
    deepEqual(await dataOf('{ hello }'), [{ hello: 'Grüße' }])
    deepEqual(await dataOf('subscription { count }'), [{ count: 1 }, { count: 2 }, { count: 3 }])
    const [{ errors }] = await collect('subscription { nothing }')
    equal(errors[0].message, 'Cannot query field "nothing" on type "Subscription".')
    equal(trip.sockets[0]!.protocol, 'graphql-ws')
  },
}
