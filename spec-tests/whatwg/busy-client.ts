import process from 'node:process'
import { failure, WebSocket } from '#lib/entry/node.js'

/* A program that is busy for longer than an attempt to connect may take, as soon as it has begun to connect. */

const BUSY = 1500

/** The thread sleeps, which costs no CPU time. */
const isBusy = (): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY)
}
/** Both addresses of the loopback interface. Between two immediates, the attempt to connect begins. */
const lookup = (_name: string, _options: object, callback: (error: null, addresses: object[]) => void): void => {
  setImmediate(callback, null, [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ])
  setImmediate(isBusy)
}

const url = process.argv[2]!
const isLocal = new URL(url).hostname === 'localhost'
const socket = new WebSocket(url, isLocal ? {} : { lookup })
socket.onopen = () => {
  console.log('open')
  socket.close()
}
socket.onerror = () => console.log(failure(socket)!.message)
if (isLocal) setImmediate(isBusy)
