import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { net } from '../platform/builtins.ts'
import { NodePipe } from './node-pipe.ts'
import { pipeOverStream } from './node-stream.ts'
import type { Pipe } from './pipe.ts'

/**
 * The pipe over a stream on which `node:http` has upgraded a request, and which nobody has read since. The types of Node.js are
 * unknown to programs for other hosts, so the declaration does not name them.
 *
 * @param upgraded a Duplex
 * @param head bytes that arrived with the response
 */
export function pipeOverUpgraded(upgraded: object, head: Uint8Array): Pipe {
  const stream = upgraded as Duplex
  if (isSocket(stream)) return pipeOverSocket(stream, head)
  if (head.length > 0) stream.unshift(head)
  return pipeOverStream(stream)
}

function pipeOverSocket(socket: Socket, head: Uint8Array): Pipe {
  const pipe = new NodePipe('encrypted' in socket)
  const { callback: read } = pipe.readOptions() as { callback(length: number, bytes: Uint8Array): boolean }
  // The peer's end must not end our side.
  socket.allowHalfOpen = true
  socket.setTimeout(0)
  socket.setNoDelay()
  // No byte is read before the pipe is started.
  socket.pause()
  pipe.adopt(socket)
  const onData = (bytes: Uint8Array): void => {
    if (!read(bytes.length, bytes)) socket.pause()
  }
  socket.on('data', onData)
  if (head.length > 0) onData(head)
  return pipe
}

/** Whether it is a socket over TCP, TLS or a Unix domain socket. An agent may give any other stream. */
function isSocket(stream: Duplex): stream is Socket {
  return stream instanceof net().Socket
}
