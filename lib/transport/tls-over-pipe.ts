import type { OnReadOpts, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { process } from '../host/node-process.ts'
import { shielded } from '../host/shielded-options.ts'
import type { ConnectTarget } from './connect.ts'
import { tlsOverStream } from './deno-tls.ts'
import { clientOptions } from './node-tls.ts'
import { openSocket, type SocketTaker } from './open-socket.ts'
import type { Pipe } from './pipe.ts'
import { pipeStream } from './pipe-stream.ts'
import type { TlsOptions } from './tls-options.ts'
import type { Trace } from './trace.ts'

/**
 * Opens TLS to the target over a pipe that leads to it, such as the tunnel of a proxy.
 *
 * @param below not started yet
 * @throws (rejects with) the error of TLS or of the pipe, or the reason of the target's signal; the pipe is aborted then
 */
export async function secureSocket<Result>(
  below: Pipe,
  target: ConnectTarget,
  tls: TlsOptions | undefined,
  trace: Trace,
  { protocols, onread, take }: SocketTaker<Result>,
): Promise<Result> {
  const { host, port, signal } = target
  // Nothing was said to the server yet: an option of TLS that cannot be used is no failure of TLS, or of what lies below.
  trace.step = 'connect'
  const { options, keepSessionsOf } = optionsOrDrop(below, { host, port }, tls, protocols)
  const stream = pipeStream(below)
  // A stream has no host, which Node.js and Deno would check the certificate for.
  const onRead = (onread as OnReadOpts | undefined)?.callback
  const socket = refBelow(tlsOverStream(stream, shielded({ ...options, host }), onRead), below) as Socket
  keepSessionsOf(socket)
  if (process.versions.bun) waitForDrain(socket, stream.duplex as Duplex)
  socket.allowHalfOpen = true
  socket.setTimeout(0)
  socket.pause()
  socket.once('close', () => below.abort())
  trace.step = 'tls'
  return await openSocket(socket, take, { signal, secure: true, trace })
}

/**
 * Makes the TLS sockets of Bun heed the backpressure of the stream below, which they ignore. `writableNeedDrain` of the socket,
 * which HTTP/2 looks at, becomes that of the stream.
 */
function waitForDrain(socket: Socket, below: Duplex): void {
  const write = socket._write
  Object.defineProperty(socket, 'writableNeedDrain', { get: () => below.writableNeedDrain })
  below.on('drain', () => socket.emit('drain'))
  socket._write = (bytes, encoding, callback) => {
    write.call(socket, bytes, encoding, error => {
      if (below.writableNeedDrain) below.once('drain', callback)
      else callback(error)
    })
  }
}

/** A pipe that was not started yet as a Duplex of Node.js, with the methods `ref` and `unref` of a socket. */
export function socketOver(pipe: Pipe): object {
  return refBelow(pipeStream(pipe).duplex, pipe)
}

/** Lets `ref` and `unref` of a stream act on the pipe below: the stream itself has no handle that keeps the process alive. */
function refBelow(stream: object, below: Pipe): object {
  return Object.assign(stream, {
    ref() {
      below.ref?.()
      return stream
    },
    unref() {
      below.unref?.()
      return stream
    },
  })
}

/** Drops the pipe if the options are bad: nobody else has it. */
function optionsOrDrop(below: Pipe, ...parameters: Parameters<typeof clientOptions>): ReturnType<typeof clientOptions> {
  try {
    return clientOptions(...parameters)
  } catch (error) {
    below.start({ data() {}, drain() {}, end() {}, close() {} })
    below.abort(error)
    throw error
  }
}
