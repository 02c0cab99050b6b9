import { deepEqual, equal } from 'node:assert/strict'
import type { Trip } from './row.ts'

export const reached = 'the global, with the option `forceNativeWebSocket: true`'
export const description = 'subscribe, publish 200,000 bytes with QoS 1, receive them, end'

/** A round trip with mqtt, to a broker on this port. */
export async function publishAndReceive(trip: Trip, port: number): Promise<void> {
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
}
