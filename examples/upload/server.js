import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { WebSocketServer } from 'ws'

/*
 * A process of its own: a server that takes files, and is slow at that. A file is a text message with its size, and binary messages. It
 * tells how far it is, and at the end the hash of what it got.
 */

/** Milliseconds for each message, such as a slow disk needs. */
const PAUSE = 5

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, maxPayload: 1024 * 1024 })
server.on('connection', socket => {
  const hash = createHash('sha256')
  let size = 0
  let received = 0
  socket.on('message', async (data, isBinary) => {
    if (!isBinary) {
      size = JSON.parse(data.toString()).size
      return
    }
    hash.update(data)
    received += data.length
    socket.pause()
    await wait(PAUSE)
    socket.send(JSON.stringify(received < size ? { received } : { received, sha256: hash.digest('hex') }))
    socket.resume()
  })
})
await once(server, 'listening')
process.send(`ws://127.0.0.1:${server.address().port}/`)
process.once('disconnect', () => process.exit())
