import { equal } from 'node:assert/strict'
import { rabbitmq } from '../rabbitmq.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: '@stomp/stompjs',
  server: { started: rabbitmq },
  reached: 'the option `webSocketFactory`, else the global with `brokerURL`',
  trip: 'subscribe, publish, receive, deactivate',
  large: true,
  async run(trip) {
    const { port } = await trip.start()
    const { Client } = await trip.load('@stomp/stompjs')
    const connectHeaders = { login: 'guest', passcode: 'guest' }
    const client = new Client({ brokerURL: `ws://127.0.0.1:${port}/ws`, reconnectDelay: 0, connectHeaders })
    await new Promise<void>((resolve, reject) => {
      client.onConnect = () => resolve()
      client.onWebSocketError = client.onStompError = reject
      client.activate()
    })
    const received = new Promise<any>(resolve => client.subscribe('/topic/all', resolve))
    client.publish({ destination: '/topic/all', body: 'Grüße', headers: { kind: 'test' } })
    const { body, headers } = await received
    equal(body, 'Grüße')
    equal(headers.kind, 'test')
    await client.deactivate()
  },
}
