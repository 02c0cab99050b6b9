import { equal } from 'node:assert/strict'
import type { Row } from '../row.ts'
import { startHttp } from '../server.ts'

export const row: Row = {
  name: 'jszmq',
  server: 'jszmq',
  reached: 'the global, by an alias of isomorphic-ws; without it, ws',
  trip: 'a request and its reply (ZWS 2.0)',
  large: true,
  async run(trip) {
    const { server, port } = await startHttp(trip)
    const { default: zmq } = await trip.load('jszmq')
    const rep = new zmq.Rep()
    await rep.bind(`ws://127.0.0.1:${port}/rep`, server)
    rep.on('message', (message: Buffer) => rep.send(`Grüße, ${message}`))

    const { Req } = await trip.bundle('jszmq', { 'isomorphic-ws': 'isomorphic-ws.cjs' })
    const req = new Req()
    trip.after(() => req.close())
    req.connect(`ws://127.0.0.1:${port}/rep`)
    req.send('Ada')
    equal(String(await new Promise(resolve => req.once('message', resolve))), 'Grüße, Ada')
    equal(trip.sockets[0]!.protocol, 'ZWS2.0')
  },
}
