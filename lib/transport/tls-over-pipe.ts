import type { Socket } from 'node:net'
import { shielded } from '../host/shielded-options.ts'
import type { ConnectTarget } from './connect.ts'
import { tlsOverStream } from './deno-tls.ts'
import { pipeOver } from './node.ts'
import { clientOptions, explainTlsError } from './node-tls.ts'
import { openSocket } from './open-socket.ts'
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
export async function secure(
  below: Pipe,
  target: ConnectTarget,
  tls: TlsOptions | undefined,
  trace?: Trace,
): Promise<Pipe> {
  const { host, port, signal } = target
  const { onread, take } = pipeOver(true)
  const { options, keepSessionsOf } = optionsOrDrop(below, { host, port }, tls)
  const { buffer: _, callback } = onread as import('node:net').OnReadOpts
  const stream = pipeStream(below)
  // A stream has no host, which Node.js and Deno would check the certificate for.
  const socket = tlsOverStream(stream, shielded({ ...options, host }), callback) as Socket
  keepSessionsOf(socket)
  socket.allowHalfOpen = true
  socket.setTimeout(0)
  socket.pause()
  socket.once('close', () => below.abort())
  socket.ref = () => {
    below.ref?.()
    return socket
  }
  socket.unref = () => {
    below.unref?.()
    return socket
  }
  if (trace !== undefined) trace.step = 'tls'
  return await openSocket(socket, take, { signal, secure: true, trace, explain: explainTlsError })
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
