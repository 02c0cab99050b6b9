import { equal } from 'node:assert/strict'
import { row as server } from '../../servers/rows/nats.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'nats.ws',
  server: { started: server },
  reached: 'the global; or a socket from the option `wsFactory`',
  trip: 'subscribe, publish, receive binary, drain',
  large: true,
  async run(trip) {
    const { port } = await trip.start()
    const { connect, StringCodec } = await trip.load('nats.ws')
    const connection = await connect({ servers: `ws://127.0.0.1:${port}` })
    const codec = StringCodec()
    const received = new Promise<any>((resolve, reject) => {
      connection.subscribe('news', {
        callback: (error: unknown, message: any) => (error ? reject(error) : resolve(message)),
      })
    })
    connection.publish('news', codec.encode('Grüße'))
    equal(codec.decode((await received).data), 'Grüße')
    await connection.drain()
  },
}
