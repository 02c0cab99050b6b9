import { deepEqual } from 'node:assert/strict'
import { setTimeout } from 'node:timers/promises'
import type { Row } from '../row.ts'
import { startHttp } from '../server.ts'

export const row: Row = {
  name: 'faye',
  server: 'faye',
  reached: 'the global, by an alias of faye-websocket: the polling that it begins with needs its build for Node.js',
  trip: 'begins with polling and goes over to WebSocket: subscribe, publish, receive, disconnect',
  large: true,
  async run(trip) {
    const { server, port } = await startHttp(trip)
    const { default: node } = await trip.load('faye')
    new node.NodeAdapter({ mount: '/faye', timeout: 45 }).attach(server)

    const { default: faye } = await trip.bundle('faye', { 'faye-websocket': 'faye-websocket.cjs' })
    const client = new faye.Client(`http://127.0.0.1:${port}/faye`)
    await new Promise<void>(resolve => client.connect(resolve))
    while (client._dispatcher.connectionType !== 'websocket') await setTimeout(10)
    const received = new Promise(resolve => {
      client.subscribe('/news', resolve).then(() => client.publish('/news', { text: 'Grüße' }))
    })
    deepEqual(await received, { text: 'Grüße' })
    client.disconnect()
  },
}
