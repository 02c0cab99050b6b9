import { deepEqual, equal } from 'node:assert/strict'
import { WebSocketServer } from 'ws'
import type { Row } from '../row.ts'
import { startHttp } from '../server.ts'

export const row: Row = {
  name: 'graphql-ws',
  packages: ['graphql', 'ws'],
  server: 'graphql-ws',
  reached: 'the option `webSocketImpl`, else the global',
  trip: 'a query, and a subscription to its end',
  global: 'either',
  async run(trip) {
    const { server, port } = await startHttp(trip)
    const { buildSchema } = await trip.load('graphql')
    const { useServer } = await trip.load('graphql-ws/use/ws')
    async function* count(): AsyncGenerator<{ count: number }> {
      for (let count = 1; count <= 3; count++) yield { count }
    }
    useServer(
      {
        schema: buildSchema('type Query { hello: String } type Subscription { count: Int }'),
        roots: { query: { hello: () => 'Grüße' }, subscription: { count } },
      },
      new WebSocketServer({ server }),
    )

    const { createClient } = await trip.load('graphql-ws')
    const client = createClient({ url: `ws://127.0.0.1:${port}/graphql`, webSocketImpl: trip.option })
    trip.after(() => client.dispose())
    const collect = async (query: string): Promise<unknown[]> => {
      const results: unknown[] = []
      for await (const { data } of client.iterate({ query })) results.push({ ...data })
      return results
    }
    deepEqual(await collect('{ hello }'), [{ hello: 'Grüße' }])
    deepEqual(await collect('subscription { count }'), [{ count: 1 }, { count: 2 }, { count: 3 }])
    equal(trip.sockets[0]!.protocol, 'graphql-transport-ws')
  },
}
