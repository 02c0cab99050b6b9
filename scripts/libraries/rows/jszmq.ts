import { equal } from 'node:assert/strict'
import { row as server } from '../../servers/rows/zeromq.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'jszmq',
  server: { started: server, file: 'zeromq' },
  reached: 'the global, by an alias of isomorphic-ws; without it, ws',
  trip: 'a request and its reply (ZWS 2.0)',
  large: true,
  async run(trip) {
    const { port } = await trip.start()
    const { Req } = await trip.bundle('jszmq', { 'isomorphic-ws': 'isomorphic-ws.cjs' })
    const req = new Req()
    trip.after(() => req.close())
    req.connect(`ws://127.0.0.1:${port}/echo`)
    req.send('Grüße')
    equal(String(await new Promise(resolve => req.once('message', resolve))), 'Grüße')
    equal(trip.sockets[0]!.protocol, 'ZWS2.0')
  },
}
