import { once } from 'node:events'
import { WebSocketServer } from 'ws'

/** Quotes after which a connection is dropped. */
const PATIENCE = 4

/** A server of quotes with numbers, which drops its connections. `?after=N` goes on behind number N. */
export async function startServer() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  server.on('connection', (socket, request) => {
    let number = Number(new URL(request.url, 'ws://localhost').searchParams.get('after'))
    let left = PATIENCE
    const timer = setInterval(() => {
      if (left-- === 0) return socket.terminate()
      number++
      socket.send(JSON.stringify({ number, symbol: 'ACME', price: 100 + ((number * 7) % 10) / 10 }))
    }, 10)
    socket.on('close', () => clearInterval(timer))
  })
  await once(server, 'listening')
  return { url: `ws://127.0.0.1:${server.address().port}/`, close: () => server.close() }
}
