import type { Blob } from '../host/host-types.ts'
import { type DisposableSocket, makeDisposable } from '../session/disposable.ts'
import { EventIterator } from '../session/event-iterator.ts'
import { stateOf, type WebSocket } from './websocket.ts'
import { isWebSocketStream, streamStateOf, type WebSocketStream } from './websocket-stream.ts'

/**
 * The messages of a WebSocket for `for await`: those that arrive from this call on, as `event.data` has them. While 512 KiB of
 * them wait, nothing more is read from the network, so that the server feels backpressure.
 *
 * The iteration ends when the socket has closed cleanly, and throws the failure otherwise, both behind the last message. `break`
 * ends it and leaves the socket open. Listeners are called as before.
 *
 * @throws TypeError for an argument that is no WebSocket of this package
 */
export function messages<Data = string | ArrayBuffer | Blob>(socket: WebSocket): AsyncIterableIterator<Data> {
  const state = stateOf(socket)
  return new EventIterator(socket, {
    count: (message, change) => state.countUnread(message, change),
    failure: () => state.failure,
  }) as unknown as AsyncIterableIterator<Data>
}

/**
 * Makes a socket one for `using` and `await using`: it closes the socket at the end of the block, and `await using` waits for the
 * end of the connection. The methods are the object's own, so that the class has the members of the browser's. Without effect on
 * a host without `Symbol.dispose`.
 *
 * @returns the socket itself
 * @throws TypeError for an argument that is no socket of this package
 */
export function disposable<Socket extends WebSocket | WebSocketStream>(socket: Socket): Socket & DisposableSocket {
  if (isWebSocketStream(socket)) streamStateOf(socket)
  else stateOf(socket)
  return makeDisposable(socket)
}
