import { equal } from 'node:assert/strict'
import type { Row } from '../row.ts'
import { startStub } from '../server.ts'

export const row: Row = {
  name: '@stomp/stompjs',
  server: { stub: 'STOMP 1.2: CONNECT, SUBSCRIBE, SEND, DISCONNECT with a receipt' },
  reached: 'the option `webSocketFactory`, else the global with `brokerURL`',
  trip: 'subscribe, publish, receive, deactivate',
  async run(trip) {
    const port = await startStub(
      trip,
      (text, peer) => {
        const send = (lines: readonly string[], body = ''): void => peer.send(`${lines.join('\n')}\n\n${body}\0`)
        const [head = '', body] = text.split('\n\n')
        const [command, ...fields] = head.trim().split('\n')
        const headers = Object.fromEntries(fields.map(field => field.split(':')))
        if (command === 'CONNECT') send(['CONNECTED', 'version:1.2', 'heart-beat:0,0'])
        const from = [
          'subscription:sub-0',
          'message-id:1',
          `destination:${headers.destination}`,
          `kind:${headers.kind}`,
        ]
        if (command === 'SEND') send(['MESSAGE', ...from], body?.replace('\0', ''))
        if (command === 'DISCONNECT') send(['RECEIPT', `receipt-id:${headers.receipt}`])
      },
      { handleProtocols: protocols => protocols.has('v12.stomp') && 'v12.stomp' },
    )
    const { Client } = await trip.load('@stomp/stompjs')
    const client = new Client({ brokerURL: `ws://127.0.0.1:${port}/stomp`, reconnectDelay: 0 })
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
