import { once } from 'node:events'
import { WebSocket, WebSocketServer } from 'ws'

/** A server that sends each message to all who are there, as the README of ws has it under "Server broadcast". */
export async function startServer() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  server.on('connection', socket => {
    socket.on('message', data => {
      for (const client of server.clients) {
        if (client.readyState === WebSocket.OPEN) client.send(data, { binary: false })
      }
    })
  })
  await once(server, 'listening')
  return { url: `ws://127.0.0.1:${server.address().port}/`, close: () => server.close() }
}
