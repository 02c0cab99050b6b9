import { MAX_CONTROL_PAYLOAD } from '../codec/opcodes.ts'
import { host } from '../host/host.ts'
import { showInConsole, stackOf } from '../idl/inspection.ts'
import { bytesOf, toDOMString } from '../idl/webidl.ts'
import { ConnectionError, type HandshakeResponse } from '../protocol/errors.ts'
import { asObject } from '../protocol/header-values.ts'
import type { Session } from '../session/session.ts'
import { stateOf, type WebSocket } from './websocket.ts'
import { isWebSocketStream, streamStateOf, type WebSocketStream } from './websocket-stream.ts'

/*
 * What users outside of browsers need beyond the standard. These are functions over a socket, so that the classes have the
 * members of the browser's and no others. Each throws a TypeError for an argument that is no socket of this package.
 */

/**
 * Sends a ping (RFC 6455 section 5.5.2).
 *
 * @param data the payload, at most 125 bytes; a string is sent in UTF-8. Default: empty
 * @returns resolves with the milliseconds until the pong; rejects with the failure if the connection ends before. Counts as
 *   handled, so that it may be dropped
 * @throws "InvalidStateError" DOMException unless the socket is open; RangeError for a longer payload; TypeError for shared or
 *   resizable memory, and for an argument that is no socket of this package
 */
export function ping(
  socket: WebSocket | WebSocketStream,
  data: string | ArrayBuffer | ArrayBufferView = '',
): Promise<number> {
  // A copy, which is read with methods that an object of the user's may have itself.
  const payload = new Uint8Array(bytesOf(data) ?? encode(toDOMString(data)))
  if (payload.length > MAX_CONTROL_PAYLOAD) {
    throw new RangeError(`The payload of a ping has at most ${MAX_CONTROL_PAYLOAD} bytes, not ${payload.length}`)
  }
  return sessionOf(socket).ping(payload)
}

/**
 * Drops the connection at once, without a closing handshake. The events `error` and `close` (code 1006) follow; the promises
 * and streams of a WebSocketStream fail, and messages that nobody has read are dropped. Without effect if the connection has ended.
 *
 * @throws TypeError for an argument that is no socket of this package
 */
export function terminate(socket: WebSocket | WebSocketStream): void {
  sessionOf(socket).terminate()
}

/**
 * Lets the socket keep the process alive, as it does by default. Takes back `unref`.
 *
 * @throws TypeError for an argument that is no socket of this package
 */
export function ref(socket: WebSocket | WebSocketStream): void {
  sessionOf(socket).keepAlive(true)
}

/**
 * Lets the process end while the socket is connecting or open. A name lookup, and on Node.js and Bun a TCP connection attempt,
 * keep it alive nevertheless until the system is done with them.
 *
 * @throws TypeError for an argument that is no socket of this package
 */
export function unref(socket: WebSocket | WebSocketStream): void {
  sessionOf(socket).keepAlive(false)
}

/**
 * Waits until everything that was sent has left for the network, so that `bufferedAmount` is 0. That is send backpressure for a
 * WebSocket; a WebSocketStream has its own.
 *
 * @returns resolves at once if nothing waits; rejects with the failure if the connection ends before. Counts as handled, so that
 *   it may be dropped
 * @throws TypeError for an argument that is no WebSocket of this package
 */
export function drained(socket: WebSocket): Promise<void> {
  return stateOf(socket).drained()
}

/**
 * The server's response to the opening handshake (RFC 6455 section 4.2.2): status, status text, header fields with names in
 * lower case, and up to 64 KiB of the body if the server refused. Undefined as long as no response has arrived.
 *
 * @throws TypeError for an argument that is no socket of this package
 */
export function handshake(socket: WebSocket | WebSocketStream): HandshakeResponse | undefined {
  return sessionOf(socket).response
}

/**
 * Why the connection failed: an error with a stable `code`, and its `cause` where there is one. It is known before the `error`
 * event. Undefined if the connection has not failed.
 *
 * @throws TypeError for an argument that is no socket of this package
 */
export function failure(socket: WebSocket | WebSocketStream): ConnectionError | undefined {
  return sessionOf(socket).failure
}

function sessionOf(socket: WebSocket | WebSocketStream): Session {
  return isWebSocketStream(socket) ? streamStateOf(socket) : stateOf(socket)
}

function encode(text: string): Uint8Array {
  const bytes = new Uint8Array(host.platform.utf8Length(text))
  host.platform.encodeUtf8(text, bytes, 0)
  return bytes
}

showInConsole(
  ConnectionError.prototype,
  ({ code, closeCode, response, cause }) => ({ code, closeCode, response: response && readable(response), cause }),
  stackOf,
)

/** A response with its fields as an object, and its body as text if it is UTF-8. */
function readable({ body, headers, ...head }: HandshakeResponse): object {
  const text = host.platform.decodeUtf8(body, 0, body.length)
  return { ...head, headers: asObject(headers), body: text ?? body }
}
