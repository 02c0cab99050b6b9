import { deepEqual, equal } from 'node:assert/strict'
import { WebSocketServer } from 'ws'
import type { Row } from '../row.ts'
import { startHttp } from '../server.ts'

export const row: Row = {
  name: '@trpc/client',
  server: '@trpc/server',
  reached: 'the option `WebSocket` of `createWSClient`, else the global',
  trip: 'a query, a mutation, and a subscription to its end',
  global: 'either',
  async run(trip) {
    const { server, port } = await startHttp(trip)
    const { initTRPC } = await trip.load('@trpc/server')
    const { applyWSSHandler } = await trip.load('@trpc/server/adapters/ws')
    const t = initTRPC.create()
    const text = (value: unknown): string => String(value)
    const router = t.router({
      greet: t.procedure.input(text).query(({ input }: any) => `Grüße, ${input}`),
      keep: t.procedure.input(text).mutation(({ input }: any) => input.length),
      count: t.procedure.subscription(async function* () {
        for (let count = 1; count <= 3; count++) yield count
      }),
    })
    applyWSSHandler({ wss: new WebSocketServer({ server }), router, createContext: () => ({}) })

    const { createTRPCClient, createWSClient, wsLink } = await trip.load('@trpc/client')
    const connection = createWSClient({ url: `ws://127.0.0.1:${port}/`, WebSocket: trip.option })
    trip.after(() => connection.close())
    const client = createTRPCClient({ links: [wsLink({ client: connection })] })
    equal(await client.greet.query('Ada'), 'Grüße, Ada')
    equal(await client.keep.mutate('four'), 4)
    const counts: unknown[] = []
    await new Promise<void>((onComplete, onError) => {
      client.count.subscribe(undefined, { onData: (count: unknown) => counts.push(count), onComplete, onError })
    })
    deepEqual(counts, [1, 2, 3])
  },
}
