import { equal } from 'node:assert/strict'
import type { Row } from '../row.ts'
import { startHttp } from '../server.ts'

export const row: Row = {
  name: 'crossws',
  server: 'crossws',
  reached:
    'the global, which has to be there when `crossws/websocket` is loaded; a third argument and `ws+unix:` take ws',
  trip: 'an echo, close by the server',
  async run(trip) {
    const { server, port } = await startHttp(trip)
    const { default: adapter } = await trip.load('crossws/adapters/node')
    const hooks = {
      message(peer: any, message: any): void {
        if (message.text() === 'leave') peer.close(4000, 'as you wish')
        else peer.send(message.text())
      },
    }
    const { handleUpgrade } = adapter({ hooks })
    server.on('upgrade', handleUpgrade)

    const { default: WebSocket } = await trip.load('crossws/websocket')
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`)
    equal(socket instanceof trip.WebSocket, true)
    socket.onopen = () => socket.send('Grüße')
    equal((await new Promise<any>(resolve => (socket.onmessage = resolve))).data, 'Grüße')
    const closed = new Promise<any>(resolve => (socket.onclose = resolve))
    socket.send('leave')
    const { code, reason } = await closed
    equal(`${code} ${reason}`, '4000 as you wish')
  },
}
