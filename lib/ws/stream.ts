import type { Duplex, DuplexOptions } from 'node:stream'
import { inMicrotask } from '../host/microtask.ts'
import { getBuiltinModule, nextTick } from '../host/node-process.ts'
import { CLOSED, CONNECTING } from '../session/ready-state.ts'
import type { Emitter } from './emitter.ts'
import type { RawData } from './events.ts'

/** The WebSocket of a stream. */
interface StreamedSocket extends Emitter {
  readonly readyState: number
  readonly isPaused: boolean
  send(data: any, callback: (error?: Error) => void): void
  close(): void
  terminate(): void
  pause(): void
  resume(): void
}

/**
 * Makes a duplex stream of a WebSocket: each chunk that is written is a message, and each message a chunk. Reading too little
 * pauses the WebSocket. The end of one is the end of the other: `end()` closes the WebSocket, and `destroy()` terminates it.
 *
 * @param options those of a Duplex; with `readableObjectMode`, a text message is a string
 */
export function createWebSocketStream(socket: StreamedSocket, options?: DuplexOptions): Duplex {
  const { Duplex: HostDuplex } = getBuiltinModule('node:stream')
  /** Whether a failure of the WebSocket has destroyed the stream. The WebSocket then still tells the server why it fails. */
  let hasFailed = false

  const whenOpen = (then: () => void): void => {
    if (socket.readyState === CONNECTING) socket.once('open', then)
    else then()
  }

  const stream: Duplex = new HostDuplex({
    ...options,
    objectMode: false,
    writableObjectMode: false,
    // The event "close" comes when the WebSocket is closed.
    autoDestroy: false,
    emitClose: false,
    read() {
      if (socket.isPaused) socket.resume()
    },
    write(chunk, _encoding, callback) {
      whenOpen(() => socket.send(chunk, callback))
    },
    final(callback) {
      whenOpen(() => {
        if (socket.readyState === CLOSED) callback()
        else socket.once('close', () => callback())
        socket.close()
      })
    },
    destroy(error, callback) {
      const finish = (): void => {
        callback(error)
        inTick(() => stream.emit('close'))
      }
      if (socket.readyState === CLOSED) return finish()
      // Terminating a WebSocket that connects makes it fail.
      let failure: Error | null = error
      socket.once('error', later => {
        failure = later
      })
      socket.once('close', () => {
        callback(failure)
        inTick(() => stream.emit('close'))
      })
      if (!hasFailed) socket.terminate()
    },
  })

  socket.on('message', (data: RawData, isBinary: boolean) => {
    const chunk = !isBinary && stream.readableObjectMode ? data.toString() : data
    if (!stream.push(chunk)) socket.pause()
  })
  socket.once('error', error => {
    if (stream.destroyed) return
    hasFailed = true
    stream.destroy(error)
  })
  socket.once('close', () => {
    if (!stream.destroyed) stream.push(null)
  })
  stream.on('end', () => {
    if (!stream.destroyed && stream.writableFinished) stream.destroy()
  })
  stream.on('finish', () => {
    if (!stream.destroyed && stream.readableEnded) stream.destroy()
  })
  // The stream destroys itself after an error, as one with `autoDestroy` does. This listener must not hide an error that the
  // program does not listen for: such an error is thrown.
  stream.once('error', error => {
    stream.destroy()
    if (stream.listenerCount('error') === 0) stream.emit('error', error)
  })
  return stream
}

/** Runs `callback` by the host's own `process.nextTick`, which a test may have replaced since the package was loaded. */
function inTick(callback: () => void): void {
  const queue = nextTick ?? inMicrotask
  queue(callback)
}
