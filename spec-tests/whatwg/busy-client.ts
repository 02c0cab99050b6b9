import process from 'node:process'
import { failure, WebSocket } from '#lib/entry/node.js'

/* A program that is busy for longer than an attempt to connect may take, as soon as it has begun to connect. */

const BUSY = 1500

const socket = new WebSocket(process.argv[2]!)
socket.onopen = () => {
  console.log('open')
  socket.close()
}
socket.onerror = () => console.log(failure(socket)!.message)
setImmediate(() => {
  const end = performance.now() + BUSY
  while (performance.now() < end);
})
