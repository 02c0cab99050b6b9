import { deepEqual, equal } from 'node:assert/strict'
import type { Row } from '../row.ts'
import { startHttp } from '../server.ts'

export const row: Row = {
  name: 'socketcluster-client',
  server: 'socketcluster-server',
  reached: 'the global, by its `browser` field, which a bundler takes; without one it takes ws',
  trip: 'invoke a procedure, subscribe and publish, disconnect',
  large: true,
  async run(trip) {
    const { server, port } = await startHttp(trip)
    const { default: all } = await trip.load('socketcluster-server')
    const cluster = all.attach(server)
    trip.after(() => cluster.close())
    void (async () => {
      for await (const { socket } of cluster.listener('connection')) {
        for await (const request of socket.procedure('echo')) request.end(request.data)
      }
    })()

    const { default: client } = await trip.bundle('socketcluster-client')
    const socket = client.create({ hostname: '127.0.0.1', port, secure: false })
    await socket.listener('connect').once()
    deepEqual(await socket.invoke('echo', { text: 'Grüße' }), { text: 'Grüße' })
    const channel = socket.subscribe('news')
    await channel.listener('subscribe').once()
    const received = (async () => {
      for await (const message of channel) return message
    })()
    await channel.transmitPublish('all')
    equal(await received, 'all')
    socket.disconnect()
  },
}
