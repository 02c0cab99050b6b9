/**
 * A server in a process of its own: any message makes it broadcast one to all connections.
 *
 * The frame of the broadcast is written beforehand: a deflater of the server for each connection takes it longer than all that
 * is measured, and 2.5 GiB.
 */

import { Buffer } from 'node:buffer'
import type { AddressInfo, Socket } from 'node:net'
import process from 'node:process'
import { WebSocketServer } from 'ws'

const FRAME = Buffer.from([0x81, 6, ...Buffer.from('to all')])
const sockets = new Set<Socket>()
const server = new WebSocketServer({ port: 0, host: process.argv[2]!, backlog: 2048, perMessageDeflate: true })
server.on('connection', (webSocket, { socket }) => {
  sockets.add(socket)
  webSocket.on('error', () => {})
  webSocket.on('close', () => sockets.delete(socket))
  webSocket.on('message', () => {
    for (const each of sockets) each.write(FRAME)
  })
})
server.on('listening', () => process.send!((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit())
