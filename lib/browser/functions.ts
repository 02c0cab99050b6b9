import type { WebSocket } from '../api/websocket.ts'
import type { WebSocketStream } from '../api/websocket-stream.ts'
import { ConnectionError, type HandshakeResponse } from '../protocol/errors.ts'
import { Deferred } from '../session/deferred.ts'
import { CLOSED } from '../session/ready-state.ts'
import { BufferPoll, bufferedAmountOf } from './buffer-poll.ts'
import { type HostSocket, HostWebSocket, scope } from './host-classes.ts'
import { watchOf } from './socket-watch.ts'
import { findStreamState, hostStreamFailures } from './stream-slot.ts'
import { unsupported } from './unsupported.ts'

/*
 * The functions over a socket, as far as a page can have them: see `api/functions.ts`, whose contracts these have. They take any
 * WebSocket of the host. What the host does not tell is known from the first call with that socket on.
 */

/** A page can send no ping. @throws TypeError with the code WS_ERR_UNSUPPORTED, always */
export function ping(
  socket: WebSocket | WebSocketStream,
  _data: string | ArrayBuffer | ArrayBufferView = '',
): Promise<number> {
  find(socket)
  throw unsupported('A ping')
}

/**
 * Ends the socket at once for the user: `error` and `close` (code 1006) follow. A page cannot drop the connection, so behind them
 * the host closes it. A WebSocketStream of the host is closed.
 *
 * @throws TypeError for an argument that is no socket
 */
export function terminate(socket: WebSocket | WebSocketStream): void {
  const found = find(socket)
  const failure = new ConnectionError('WS_ERR_TERMINATED', 'The WebSocket was terminated')
  if ('state' in found) found.state.giveUp(failure)
  else if ('socket' in found) watchOf(found.socket).giveUp(failure)
  else found.stream.close()
}

/** Without effect: a page has no process to keep alive. @throws TypeError for an argument that is no socket */
export function ref(socket: WebSocket | WebSocketStream): void {
  find(socket)
}

/** Without effect: a page has no process to keep alive. @throws TypeError for an argument that is no socket */
export function unref(socket: WebSocket | WebSocketStream): void {
  find(socket)
}

/**
 * Waits until `bufferedAmount` is 0. Rejects with the failure if the connection ends before. Counts as handled.
 *
 * @throws TypeError for an argument that is no WebSocket of the host
 */
export function drained(socket: WebSocket): Promise<void> {
  const found = find(socket)
  if (!('socket' in found)) throw notASocket()
  return waitForDrain(found.socket)
}

/** Undefined: a page is not told of the response. @throws TypeError for an argument that is no socket */
export function handshake(socket: WebSocket | WebSocketStream): HandshakeResponse | undefined {
  find(socket)
  return undefined
}

/**
 * Why the connection failed, as far as a page is told. Of a socket that was not made by a `configured` class, it is known only if
 * this, or another function, was called with it before it had ended, or from a listener of the event that ends it.
 *
 * @throws TypeError for an argument that is no socket
 */
export function failure(socket: WebSocket | WebSocketStream): ConnectionError | undefined {
  const found = find(socket)
  if ('state' in found) return found.state.failure
  return 'socket' in found ? watchOf(found.socket).failure : hostStreamFailures.get(found.stream)
}

type Found =
  | { readonly socket: HostSocket }
  /** A WebSocketStream of ours. */
  | { readonly state: NonNullable<ReturnType<typeof findStreamState>> }
  /** A WebSocketStream of the host. */
  | { readonly stream: WebSocketStream }

/** @throws TypeError for anything else */
export function find(value: unknown): Found {
  const state = findStreamState(value)
  if (state !== undefined) return { state }
  if (value instanceof HostWebSocket || hasTag(value, 'WebSocket')) return { socket: value as HostSocket }
  const { WebSocketStream: HostStream } = scope as { WebSocketStream?: new () => WebSocketStream }
  if (HostStream !== undefined && value instanceof HostStream) return { stream: value }
  throw notASocket()
}

/** Whether it is an object of another realm, such as that of a frame. */
function hasTag(value: unknown, tag: string): boolean {
  return typeof value === 'object' && Object.prototype.toString.call(value) === `[object ${tag}]`
}

export function notASocket(): TypeError {
  return new TypeError('Illegal invocation: this is not a WebSocket')
}

function waitForDrain(socket: HostSocket): Promise<void> {
  const watch = watchOf(socket)
  const drain = new Deferred<void>()
  const isWanted = (): boolean => bufferedAmountOf(socket) > 0 && socket.readyState !== CLOSED
  const settle = (): void => {
    if (bufferedAmountOf(socket) === 0) drain.resolve()
    else if (socket.readyState === CLOSED) {
      drain.reject(watch.failure ?? new ConnectionError('WS_ERR_CONNECTION_LOST', 'The WebSocket is closed'))
    }
  }
  settle()
  if (!isWanted()) return drain.promise
  socket.addEventListener('close', settle)
  new BufferPoll(socket, settle, isWanted).start()
  return drain.promise
}
