import type { WebSocket } from '../api/websocket-interface.ts'
import type { WebSocketStream } from '../api/websocket-stream.ts'
import type { Blob } from '../host/host-types.ts'
import { type DisposableSocket, makeDisposable } from '../session/disposable.ts'
import { EventIterator } from '../session/event-iterator.ts'
import { find, notASocket } from './functions.ts'
import { watchOf } from './socket-watch.ts'

/*
 * The functions of `api/iteration.ts`, whose contracts these have, over any WebSocket of the host.
 */

/**
 * A page cannot hold the server back: what nobody has taken waits in memory, without a limit.
 *
 * @throws TypeError for an argument that is no WebSocket of the host
 */
export function messages<Data = string | ArrayBuffer | Blob>(socket: WebSocket): AsyncIterableIterator<Data> {
  const found = find(socket)
  if (!('socket' in found)) throw notASocket()
  const watch = watchOf(found.socket)
  return new EventIterator(socket, {
    count() {},
    failure: () => watch.failure,
  }) as unknown as AsyncIterableIterator<Data>
}

/**
 * The socket, with the methods that `using` and `await using` call: both close it.
 *
 * @throws TypeError for an argument that is no socket
 */
export function disposable<Socket extends WebSocket | WebSocketStream>(socket: Socket): Socket & DisposableSocket {
  find(socket)
  return makeDisposable(socket)
}
