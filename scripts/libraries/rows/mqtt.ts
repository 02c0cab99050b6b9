import { deepEqual, equal } from 'node:assert/strict'
import { createWebSocketStream, WebSocketServer } from 'ws'
import type { Row } from '../row.ts'
import { startHttp } from '../server.ts'

export const row: Row = {
  name: 'mqtt',
  server: 'aedes',
  reached: 'the global, with the option `forceNativeWebSocket: true`',
  trip: 'subscribe, publish 200,000 bytes with QoS 1, receive them, end',
  async run(trip) {
    const { server, port } = await startHttp(trip)
    const { Aedes } = await trip.load('aedes')
    const broker = await Aedes.createBroker()
    new WebSocketServer({ server, handleProtocols: protocols => protocols.has('mqtt') && 'mqtt' }).on(
      'connection',
      (peer, request) => broker.handle(createWebSocketStream(peer), request),
    )

    const { default: mqtt } = await trip.load('mqtt')
    const client = await mqtt.connectAsync(`ws://127.0.0.1:${port}/mqtt`, { forceNativeWebSocket: true })
    await client.subscribeAsync('all/#', { qos: 1 })
    const received = new Promise<[string, Uint8Array]>(resolve => {
      client.once('message', (topic: string, content: Uint8Array) => resolve([topic, content]))
    })
    const content = Buffer.alloc(200_000, 'αβγ')
    await client.publishAsync('all/of/it', content, { qos: 1 })
    const [topic, back] = await received
    equal(topic, 'all/of/it')
    deepEqual(Buffer.from(back), content)
    equal(trip.sockets[0]!.protocol, 'mqtt')
    await client.endAsync()
  },
}
