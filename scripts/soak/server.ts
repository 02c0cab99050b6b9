/** An echo server in a process of its own, on a free port, which it sends to its parent. */

import type { AddressInfo } from 'node:net'
import process from 'node:process'
import { WebSocketServer } from 'ws'
import { CLOSE_REQUEST, CLOSE_REQUEST_CODE } from './traffic.ts'

// The fastest level: what the server spends on compression says nothing about the client.
const perMessageDeflate = { zlibDeflateOptions: { level: 1 } }
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate })
server.on('connection', socket => {
  socket.on('error', () => {})
  socket.on('message', (data, binary) => {
    const asks = !binary && (data as Buffer).length === CLOSE_REQUEST.length && String(data) === CLOSE_REQUEST
    if (asks) socket.close(CLOSE_REQUEST_CODE)
    else socket.send(data, { binary })
  })
})
server.on('listening', () => process.send!((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit())
