/** A server in a process of its own: any message makes it broadcast one to all connections. */

import type { AddressInfo } from 'node:net'
import process from 'node:process'
import { WebSocketServer } from 'ws'

const server = new WebSocketServer({ port: 0, host: process.argv[2]!, backlog: 2048, perMessageDeflate: true })
server.on('connection', socket => {
  socket.on('error', () => {})
  socket.on('message', data => {
    for (const client of server.clients) client.send(String(data))
  })
})
server.on('listening', () => process.send!((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit())
