import { deepEqual, equal } from 'node:assert/strict'
import type { Row } from '../row.ts'
import { startHttp } from '../server.ts'

export const row: Row = {
  name: 'autobahn',
  server: 'fox-wamp',
  reached: 'the global, when it connects; without one, ws',
  trip: 'register and call a procedure, subscribe and publish, close',
  large: true,
  async run(trip) {
    const { server, port } = await startHttp(trip)
    const { default: Router } = await trip.load('fox-wamp')
    new Router().listenWAMP({ server })

    const { default: autobahn } = await trip.load('autobahn')
    const connection = new autobahn.Connection({ url: `ws://127.0.0.1:${port}/`, realm: 'realm1', max_retries: 0 })
    const session = await new Promise<any>((resolve, reject) => {
      connection.onopen = resolve
      connection.onclose = (reason: string) => reject(new Error(reason))
      connection.open()
    })
    connection.onclose = undefined
    await session.register('test.add', ([one, other]: number[]) => one! + other!)
    equal(await session.call('test.add', [2, 3]), 5)
    const received = new Promise(resolve =>
      session.subscribe('test.news', resolve).then(() => {
        session.publish('test.news', ['Grüße'], {}, { exclude_me: false })
      }),
    )
    deepEqual(await received, ['Grüße'])
    equal(trip.sockets[0]!.protocol, 'wamp.2.json')
    connection.close()
  },
}
