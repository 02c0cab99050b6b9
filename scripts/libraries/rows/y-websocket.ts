import { equal } from 'node:assert/strict'
import { WebSocketServer } from 'ws'
import type { Row } from '../row.ts'
import { startHttp } from '../server.ts'

export const row: Row = {
  name: 'y-websocket',
  packages: ['yjs', 'y-websocket-2'],
  server: 'y-websocket-2',
  reached: 'the option `WebSocketPolyfill`, else the global',
  trip: 'two documents that are synchronised with each other',
  large: true,
  global: 'either',
  async run(trip) {
    const { server, port } = await startHttp(trip)
    const { default: utilities } = await trip.load('y-websocket-2/bin/utils')
    new WebSocketServer({ server }).on('connection', utilities.setupWSConnection)

    const { Doc } = await trip.load('yjs')
    const { WebsocketProvider } = await trip.load('y-websocket')
    const join = (): any => {
      const options = { WebSocketPolyfill: trip.option, disableBc: true }
      const provider = new WebsocketProvider(`ws://127.0.0.1:${port}`, 'room', new Doc(), options)
      trip.after(() => provider.destroy())
      return provider
    }
    const [one, other] = [join(), join()]
    await Promise.all([one, other].map(provider => new Promise(resolve => provider.once('sync', resolve))))
    const changed = new Promise(resolve => other.doc.once('update', resolve))
    one.doc.getText('text').insert(0, 'Grüße')
    await changed
    equal(other.doc.getText('text').toString(), 'Grüße')
  },
}
