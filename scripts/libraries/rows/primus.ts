import { deepEqual } from 'node:assert/strict'
import { runInThisContext } from 'node:vm'
import type { Row } from '../row.ts'
import { event, startHttp } from '../server.ts'

export const row: Row = {
  name: 'primus',
  packages: ['ws'],
  server: 'primus',
  reached:
    'the global, by its script for browsers, with the transformer "websockets"; `primus.Socket` takes ws as a rule',
  trip: 'an echo, end',
  large: true,
  async run(trip) {
    const { server, port } = await startHttp(trip)
    const { default: Primus } = await trip.load('primus')
    const primus = new Primus(server, { transformer: 'websockets' })
    primus.on('connection', (spark: any) => spark.on('data', (data: unknown) => spark.write(data)))

    // As a browser runs the script /primus/primus.js.
    runInThisContext(primus.library())
    const { Primus: Client } = globalThis as any
    const client = new Client(`http://127.0.0.1:${port}`)
    await event(client, 'open')
    client.write({ text: 'Grüße' })
    deepEqual(await event(client, 'data'), { text: 'Grüße' })
    client.end()
  },
}
