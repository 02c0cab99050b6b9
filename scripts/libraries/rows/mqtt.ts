import { createWebSocketStream, WebSocketServer } from 'ws'
import { description, publishAndReceive, reached } from '../mqtt.ts'
import type { Row } from '../row.ts'
import { startHttp } from '../server.ts'

export const row: Row = {
  name: 'mqtt',
  server: 'aedes',
  reached,
  trip: description,
  async run(trip) {
    const { server, port } = await startHttp(trip)
    const { Aedes } = await trip.load('aedes')
    const broker = await Aedes.createBroker()
    new WebSocketServer({ server, handleProtocols: protocols => protocols.has('mqtt') && 'mqtt' }).on(
      'connection',
      (peer, request) => broker.handle(createWebSocketStream(peer), request),
    )

    await publishAndReceive(trip, port)
  },
}
