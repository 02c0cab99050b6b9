import { MAX_CONTROL_PAYLOAD } from '../codec/opcodes.ts'
import { host } from '../host/host.ts'
import { bytesOf, toDOMString } from '../idl/webidl.ts'
import type { ConnectionError, HandshakeResponse } from '../protocol/errors.ts'
import type { Session } from '../session/session.ts'
import { stateOf, type WebSocket } from './websocket.ts'
import { isWebSocketStream, streamStateOf, type WebSocketStream } from './websocket-stream.ts'

/*
 * What users outside of browsers need besides the standard: functions over a socket, so that the class stays the
 * browser's. All throw a TypeError for what is not a WebSocket of this package, or a WebSocketStream where they take one.
 */

/**
 * Sends a ping (RFC 6455 section 5.5.2).
 *
 * @param data its payload, at most 125 bytes; none by default
 * @returns the milliseconds until the pong; rejects with the failure if the connection ends before
 * @throws "InvalidStateError" DOMException unless the socket is open; RangeError for a longer payload
 */
export function ping(
  socket: WebSocket | WebSocketStream,
  data: string | ArrayBuffer | ArrayBufferView = '',
): Promise<number> {
  const payload = bytesOf(data) ?? encode(toDOMString(data))
  if (payload.length > MAX_CONTROL_PAYLOAD) {
    throw new RangeError(`The payload of a ping has at most ${MAX_CONTROL_PAYLOAD} bytes, not ${payload.length}`)
  }
  return sessionOf(socket).ping(payload)
}

/**
 * Drops the connection at once, without a closing handshake; the events `error` and `close` (1006) follow, or the
 * promises and streams of a WebSocketStream fail.
 */
export function terminate(socket: WebSocket | WebSocketStream): void {
  sessionOf(socket).terminate()
}

/** Lets the socket keep the process alive, as it does by default. */
export function ref(socket: WebSocket | WebSocketStream): void {
  sessionOf(socket).keepAlive(true)
}

/** Lets the process end while the socket is open. */
export function unref(socket: WebSocket | WebSocketStream): void {
  sessionOf(socket).keepAlive(false)
}

/**
 * Waits until everything that was sent has left for the network: `bufferedAmount` is 0.
 *
 * @returns rejects with the failure if the connection ends before
 */
export function drained(socket: WebSocket): Promise<void> {
  return stateOf(socket).drained()
}

/**
 * The server's answer to the opening handshake: status, status text, header fields (names in lower case) and, if it
 * refused, up to 64 KiB of the body. Undefined as long as there is none.
 */
export function handshake(socket: WebSocket | WebSocketStream): HandshakeResponse | undefined {
  return sessionOf(socket).response
}

/** Why the connection failed, from before the `error` event on; undefined if it did not. */
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
