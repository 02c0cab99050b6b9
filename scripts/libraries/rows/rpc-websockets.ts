import { equal } from 'node:assert/strict'
import type { Row } from '../row.ts'
import { event, startHttp } from '../server.ts'

export const row: Row = {
  name: 'rpc-websockets',
  server: 'rpc-websockets',
  reached:
    'the global, by its build for browsers, which a bundler takes, with `window`; its build for Node.js takes ws',
  trip: 'a call, a notification from the server, close',
  large: true,
  async run(trip) {
    const { server, port } = await startHttp(trip)
    const { Server } = await trip.load('rpc-websockets')
    const rpc = new Server({ server })
    rpc.register('add', ([one, other]: number[]) => one! + other!)
    rpc.event('news')

    Object.assign(globalThis, { window: globalThis })
    const { Client } = await trip.bundle('rpc-websockets')
    const client = new Client(`ws://127.0.0.1:${port}/`, { reconnect: false })
    await event(client, 'open')
    equal(await client.call('add', [2, 3]), 5)
    await client.subscribe('news')
    const news = new Promise(resolve => client.on('news', resolve))
    rpc.emit('news', 'Grüße')
    equal(await news, 'Grüße')
    client.close()
  },
}
