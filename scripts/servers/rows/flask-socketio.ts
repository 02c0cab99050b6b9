import { bytes, checkWrongName, equal, equalBytes } from '../checks.ts'
import { python } from '../python.ts'
import type { Row } from '../row.ts'
import { socketIo } from '../socketio.ts'

const BURST = 200

export const row: Row = {
  name: 'Flask-SocketIO, with eventlet',
  debian: ['python3-flask-socketio', 'python3-eventlet'],
  command: settings => python('flask-socketio.py', settings),
  paths: { echo: '/socket.io/?EIO=4&transport=websocket' },
  lacks: {
    subprotocol: 'Socket.IO has none',
    fragments: 'it sends none',
    compression: 'it has no extensions',
    close: 'it has neither code nor reason: Socket.IO has a packet of its own for that',
    redirect: 'Flask refuses each handshake that is not for Socket.IO',
  },
  checks: {
    async text(target) {
      const client = await socketIo(target)
      for (const text of ['a', 'Grüße, 🐘', 'x'.repeat(70_000)]) equal(await client.echo(text), text)
      await client.session.close()
      return 'Socket.IO: events there and back'
    },
    async binary(target) {
      const client = await socketIo(target)
      for (const size of [1, 126, 70_000]) equalBytes(await client.echo(bytes(size)), bytes(size))
      await client.session.close()
      return undefined
    },
    async large(target) {
      const client = await socketIo(target)
      equalBytes(await client.echo(bytes(1 << 20)), bytes(1 << 20))
      await client.session.close()
      return undefined
    },
    async burst(target) {
      const client = await socketIo(target)
      for (let index = 0; index < BURST; index++) client.emit('echo', index)
      for (let index = 0; index < BURST; index++) equal((await client.event())[1], index)
      for (let index = 0; index < BURST; index++) client.emit('echo', index)
      await client.session.close()
      return undefined
    },
    async wss(target) {
      const client = await socketIo(target, { tls: { ca: target.authority } }, `wss://localhost:${target.tlsPort}`)
      equalBytes(await client.echo(bytes(1 << 20)), bytes(1 << 20))
      await client.session.close()
      return await checkWrongName(target)
    },
  },
}
