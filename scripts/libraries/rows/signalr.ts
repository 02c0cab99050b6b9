import { deepEqual, equal } from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import type { Row } from '../row.ts'
import { json, startStub } from '../server.ts'

/** The end of a record. */
const END = '\u001e'

export const row: Row = {
  name: '@microsoft/signalr',
  // It requires this package without depending on it.
  packages: ['tough-cookie'],
  server: { stub: 'the hub protocol in JSON: handshake, invocation, stream' },
  reached: 'the option `WebSocket` of `withUrl`; without it, ws',
  trip: 'an invocation with a result, a stream to its end, headers of the option `headers`',
  global: false,
  async run(trip) {
    let agent: string | undefined
    const port = await startStub(
      trip,
      (text, peer) => {
        const reply = (record: unknown): void => peer.send(json(record) + END)
        for (const record of text.split(END).slice(0, -1)) {
          const { protocol, type, invocationId, arguments: given } = JSON.parse(record)
          if (protocol === 'json') reply({})
          if (type === 1) reply({ type: 3, invocationId, result: `Grüße, ${given[0]}` })
          if (type !== 4) continue
          for (const item of [1, 2]) reply({ type: 2, invocationId, item })
          reply({ type: 3, invocationId })
        }
      },
      {
        verifyClient: ({ req }: { req: IncomingMessage }) => {
          agent = req.headers['x-agent'] as string
          return true
        },
      },
    )
    const { HubConnectionBuilder, HttpTransportType, LogLevel } = await trip.load('@microsoft/signalr')
    const connection = new HubConnectionBuilder()
      .withUrl(`http://127.0.0.1:${port}/hub`, {
        WebSocket: trip.WebSocket,
        transport: HttpTransportType.WebSockets,
        skipNegotiation: true,
        headers: { 'X-Agent': 'mine' },
      })
      .configureLogging(LogLevel.None)
      .build()
    await connection.start()
    equal(agent, 'mine')
    equal(await connection.invoke('Greet', 'Ada'), 'Grüße, Ada')
    const items: unknown[] = []
    await new Promise<void>((complete, error) => {
      connection.stream('Count').subscribe({ next: (item: unknown) => items.push(item), complete, error })
    })
    deepEqual(items, [1, 2])
    await connection.stop()
  },
}
