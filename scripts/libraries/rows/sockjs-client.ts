import { equal } from 'node:assert/strict'
import type { Row } from '../row.ts'
import { startHttp } from '../server.ts'

export const row: Row = {
  name: 'sockjs-client',
  server: 'sockjs',
  reached: 'the global, by an alias of faye-websocket: the polling that it begins with needs its build for Node.js',
  trip: 'an echo, close',
  large: true,
  async run(trip) {
    const { server, port } = await startHttp(trip)
    const { default: sockjs } = await trip.load('sockjs')
    const echo = sockjs.createServer({ log() {} })
    echo.on('connection', (peer: any) => peer.on('data', (data: string) => peer.write(data)))
    echo.installHandlers(server, { prefix: '/echo' })

    const { default: SockJS } = await trip.bundle('sockjs-client', { 'faye-websocket': 'faye-websocket.cjs' })
    // Its own timeout is a few hundred milliseconds, which a busy machine may take.
    const socket = new SockJS(`http://127.0.0.1:${port}/echo`, null, { transports: 'websocket', timeout: 20_000 })
    await new Promise((resolve, reject) => {
      socket.onopen = resolve
      socket.onclose = ({ code, reason }: any) => reject(new Error(`${code} ${reason}`))
    })
    socket.send('Grüße')
    equal((await new Promise<any>(resolve => (socket.onmessage = resolve))).data, 'Grüße')
    const closed = new Promise<any>(resolve => (socket.onclose = resolve))
    socket.close(1000, 'done')
    equal((await closed).code, 1000)
  },
}
