import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import process from 'node:process'
import { type PerMessageDeflateOptions, WebSocketServer } from 'ws'
import type { ServerSettings } from './servers.ts'

/* An echo server on ws. Its argument is `ServerSettings` as JSON. Prints its port and version as JSON. */

const { deflate, fragments } = JSON.parse(process.argv[2]!) as ServerSettings

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: 0,
  maxPayload: 0,
  perMessageDeflate: deflate === null ? false : ({ threshold: 0, ...deflate } satisfies PerMessageDeflateOptions),
})
server.on('connection', socket => {
  // The client reports what went wrong.
  socket.on('error', () => {})
  socket.on('message', (data: Buffer, binary) => {
    if (!fragments) return socket.send(data, { binary })
    const cuts = [0, Math.floor(data.length / 3), Math.floor(data.length / 2), data.length]
    for (const [index, start] of cuts.slice(0, -1).entries()) {
      socket.send(data.subarray(start, cuts[index + 1]), { binary, fin: index === cuts.length - 2 })
    }
  })
})
server.on('listening', () => {
  const manifest = JSON.parse(readFileSync(new URL('package.json', `${import.meta.resolve('ws')}/..`), 'utf8'))
  console.log(JSON.stringify({ port: (server.address() as AddressInfo).port, version: manifest.version }))
})
