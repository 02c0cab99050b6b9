import { Buffer } from 'node:buffer'
import { EventEmitter } from 'node:events'
import type { ClientRequest } from 'node:http'
import type { Duplex } from 'node:stream'
import { MAX_CONTROL_PAYLOAD } from '../codec/opcodes.ts'
import { bytesOfBuffer, bytesOfView, isView } from '../host/views.ts'
import { type ReadableBlob, toBlob } from '../idl/blob.ts'
import { isPlain, named } from '../idl/webidl.ts'
import { ownMembers } from '../opening/options/reading.ts'
import { CLOSED, CLOSING, CONNECTING, OPEN } from '../session/ready-state.ts'
import { parseAddress, readProtocols } from './address.ts'
import type { BinaryType } from './binary-type.ts'
import { readReason, validateCloseCode } from './close-arguments.ts'
import type { Emitter } from './emitter.ts'
import {
  addHandler,
  attributeHandler,
  type EventHandler,
  removeHandler,
  setAttributeHandler,
  WAS_CLEAN,
  type WebSocketEventMap,
} from './events.ts'
import { type ClientOptions, readClientOptions } from './options.ts'
import { inContextOfCaller, type SendCallback } from './send-callback.ts'
import {
  extension,
  PerMessageDeflate,
  Receiver,
  Sender,
  subprotocol,
  unavailable,
  WebSocketServer,
} from './server-parts.ts'
import { type SendOptions as SessionSendOptions, WsSession } from './session.ts'
import { createWebSocketStream } from './stream.ts'

/** The options of `send`. */
export interface SendOptions {
  /** Whether the message is binary. Default: whether the data is not a string. */
  readonly binary?: boolean | undefined
  /** Whether the message may be compressed. Default: true. */
  readonly compress?: boolean | undefined
  /** Whether this is the last frame of its message. Default: true. */
  readonly fin?: boolean | undefined
  /** No effect: a client masks every frame (RFC 6455 section 5.3). */
  readonly mask?: boolean | undefined
}

const Base: new () => Emitter = EventEmitter as never

const BINARY_TYPES: readonly unknown[] = ['nodebuffer', 'arraybuffer', 'fragments', 'blob']

/**
 * The property in which a socket keeps its state. It is a symbol for the sake of Proxies, as for the WebSocket of the
 * standard.
 */
const slot = Symbol('WebSocket state')

/**
 * The client of ws over the engine of this package: an EventEmitter that has some of the members of the browser's WebSocket.
 * docs/libraries.md lists in what it differs from that of ws.
 */
export class WebSocketClient extends Base {
  /** `readyState` during the opening handshake. */
  declare static readonly CONNECTING: 0
  /** `readyState` while messages can be sent. */
  declare static readonly OPEN: 1
  /** `readyState` during the closing handshake. */
  declare static readonly CLOSING: 2
  /** `readyState` of a connection that has ended, or was not opened. */
  declare static readonly CLOSED: 3
  /** As `WebSocket.CONNECTING`. */
  declare readonly CONNECTING: 0
  /** As `WebSocket.OPEN`. */
  declare readonly OPEN: 1
  /** As `WebSocket.CLOSING`. */
  declare readonly CLOSING: 2
  /** As `WebSocket.CLOSED`. */
  declare readonly CLOSED: 3
  /** Called when the connection is open. Default: null. */
  declare onopen: EventHandler<'open', WebSocketClient> | null
  /** Called with each message. Default: null. */
  declare onmessage: EventHandler<'message', WebSocketClient> | null
  /** Called once when the connection has ended. Default: null. */
  declare onclose: EventHandler<'close', WebSocketClient> | null
  /** Called when the connection fails, before `onclose`. Default: null. */
  declare onerror: EventHandler<'error', WebSocketClient> | null

  /** The class itself, for `import { WebSocket }` of a CommonJS module. */
  declare static readonly WebSocket: typeof WebSocketClient
  /** The server of ws, which is not here: its constructor throws. */
  declare static readonly WebSocketServer: typeof WebSocketServer
  /** As `WebSocket.WebSocketServer`. */
  declare static readonly Server: typeof WebSocketServer
  /** Makes a duplex stream of Node.js from a socket. */
  declare static readonly createWebSocketStream: typeof createWebSocketStream

  /**
   * Opens a connection.
   *
   * @param address a URL of the scheme ws, wss, http, https or ws+unix
   * @throws SyntaxError for an invalid URL; TypeError or RangeError for an invalid option
   */
  constructor(address: string | URL, options?: ClientOptions)
  /**
   * Opens a connection.
   *
   * @param address a URL of the scheme ws, wss, http, https or ws+unix
   * @param protocols subprotocols in order of preference
   * @throws SyntaxError for an invalid URL or subprotocol; TypeError or RangeError for an invalid option
   */
  constructor(address: string | URL, protocols?: string | readonly string[], options?: ClientOptions)
  constructor(address: string | URL, protocols?: string | readonly string[] | ClientOptions, options?: ClientOptions) {
    super()
    if (address === null) unavailable('WebSocketServer')
    const isOptions = typeof protocols === 'object' && protocols !== null && !Array.isArray(protocols)
    const given: ClientOptions = ownMembers((isOptions ? (protocols as ClientOptions) : options) ?? {})
    const settings = readClientOptions(given)
    const target = parseAddress(address)
    const offered = readProtocols(isOptions || protocols === undefined ? given.protocols : protocols)
    const state = new WsSession(this, target, given, settings, new.target)
    Object.defineProperty(this, slot, { value: state })
    state.announce()
    state.start(target, offered, given, settings)
  }

  /** The type in which binary messages are given out. Default: "nodebuffer". @throws TypeError if `this` is no WebSocket */
  get binaryType(): BinaryType {
    return stateOf(this).binaryType
  }

  /** Values that are none of the four are ignored. */
  set binaryType(value: BinaryType) {
    if (BINARY_TYPES.includes(value)) stateOf(this).binaryType = value
  }

  /** Payload bytes that `send` was given and that have not left for the network. @throws TypeError if `this` is no WebSocket */
  get bufferedAmount(): number {
    return stateOf(this).bufferedAmount
  }

  /** The names of the extensions in use. @throws TypeError if `this` is no WebSocket */
  get extensions(): string {
    return stateOf(this).extensions
  }

  /** Whether `pause` was called, and not `resume` after it. @throws TypeError if `this` is no WebSocket */
  get isPaused(): boolean {
    return stateOf(this).isPausedByUser
  }

  /** The subprotocol in use, or the empty string. @throws TypeError if `this` is no WebSocket */
  get protocol(): string {
    return stateOf(this).protocol
  }

  /** The state of the connection: 0 CONNECTING, 1 OPEN, 2 CLOSING, 3 CLOSED. @throws TypeError if `this` is no WebSocket */
  get readyState(): 0 | 1 | 2 | 3 {
    return stateOf(this).readyState as 0 | 1 | 2 | 3
  }

  /** The URL of the connection, after redirects the last one. @throws TypeError if `this` is no WebSocket */
  get url(): string {
    return stateOf(this).opening.address.href
  }

  /** The stream under the connection, null before it is open; not documented in ws. @throws TypeError if `this` is no WebSocket */
  get _socket(): Duplex | null {
    return (this.readyState !== CONNECTING && stateOf(this).opening.stream) || null
  }

  /** The request of the opening handshake. Undocumented in ws, but libraries use it. @throws TypeError if `this` is no WebSocket */
  get _req(): ClientRequest | null {
    return (this.readyState === CONNECTING && stateOf(this).opening.request) || null
  }

  /**
   * Starts the closing handshake, behind all messages that were sent. Gives up a connection that is not open yet.
   *
   * @param code the status code. Default: none
   * @param reason at most 123 bytes of UTF-8
   * @throws TypeError for a code that cannot be sent; RangeError for a longer reason
   */
  close(code?: number, reason?: string | Uint8Array): void {
    const { readyState } = this
    if (readyState === OPEN && code !== undefined) {
      validateCloseCode(code)
      stateOf(this).close(code, readReason(reason))
    } else stateOf(this).close(undefined, '')
  }

  /**
   * Stops reading from the network. Messages that were read before are still emitted. Without effect unless the socket is
   * open. @throws TypeError if `this` is no WebSocket
   */
  pause(): void {
    stateOf(this).setPausedByUser(true)
  }

  /** Reads again after `pause`. Without effect unless the socket is open. @throws TypeError if `this` is no WebSocket */
  resume(): void {
    stateOf(this).setPausedByUser(false)
  }

  /**
   * Sends a ping.
   *
   * @param callback called when the ping has left
   * @throws RangeError for more than 125 bytes of data; Error while connecting
   */
  ping(callback: SendCallback): void
  /**
   * Sends a ping with a payload.
   *
   * @param data text or bytes, at most 125 of them
   * @param callback called when the ping has left
   * @throws RangeError for more than 125 bytes of data; TypeError for a Blob; Error while connecting
   */
  ping(data: any, callback: SendCallback): void
  /**
   * Sends a ping with a payload.
   *
   * @param data text or bytes, at most 125 of them. Default: none
   * @param mask no effect: a client masks every frame
   * @param callback called when the ping has left
   * @throws RangeError for more than 125 bytes of data; TypeError for a Blob; Error while connecting
   */
  ping(data?: any, mask?: boolean, callback?: SendCallback): void
  ping(data?: any, mask?: any, callback?: SendCallback): void {
    sendControl(this, 'ping', data, mask, callback)
  }

  /**
   * Sends a pong, with the arguments of `ping`. @throws RangeError for more than 125 bytes of data; TypeError for a Blob; Error while connecting
   */
  pong(callback: SendCallback): void
  pong(data: any, callback: SendCallback): void
  pong(data?: any, mask?: boolean, callback?: SendCallback): void
  pong(data?: any, mask?: any, callback?: SendCallback): void {
    sendControl(this, 'pong', data, mask, callback)
  }

  /**
   * Sends a message: text for a string or a number, otherwise binary.
   *
   * @param callback called when the message has left, or with an error if it cannot
   * @throws Error while connecting; TypeError for a value that is no data
   */
  send(data: any, callback?: SendCallback): void
  send(data: any, options: SendOptions, callback?: SendCallback): void
  send(data: any, options?: SendOptions | SendCallback, callback?: SendCallback): void {
    const state = stateToSend(this)
    const [given, then] = typeof options === 'function' ? [undefined, options] : [options, callback]
    const value = typeof data === 'number' ? String(data) : data
    const content = toContent(value)
    const connection = state.beginSend()
    if (connection instanceof Error) return tooLate(state, content, connection, then)
    const settings = { binary: typeof value !== 'string', compress: true, fin: true, ...given } as SessionSendOptions
    if (isBlob(content)) state.sendBlob(connection, content, settings)
    else state.sendMessage(connection, content, settings)
    if (then !== undefined) state.whenSent(then)
  }

  /** Drops the connection at once, without a closing handshake. @throws TypeError if `this` is no WebSocket */
  terminate(): void {
    stateOf(this).terminate()
  }

  /**
   * Adds a listener for "open", "message", "close" or "error" that is called with an event. Other types are ignored.
   *
   * @param options.once whether it is called once. Default: false
   */
  addEventListener<Type extends keyof WebSocketEventMap>(
    type: Type,
    listener: EventHandler<Type, WebSocketClient>,
    options?: { readonly once?: boolean | undefined },
  ): void {
    addHandler(this, type, listener as never, options?.once === true)
  }

  /** Removes a listener that `addEventListener` has added. */
  removeEventListener<Type extends keyof WebSocketEventMap>(
    type: Type,
    listener: EventHandler<Type, WebSocketClient>,
  ): void {
    removeHandler(this, type, listener)
  }
}

/** A WebSocket of the stand-in. */
export type WebSocket = WebSocketClient
/** The class, with the name that programs see in errors and stacks. Its prototype has all members, as that of ws. */
export const WebSocket: typeof WebSocketClient = named({
  WebSocket: class extends WebSocketClient {
    constructor(address: any, protocols?: any, options?: any) {
      super(address, protocols, options)
    }
  },
})
const { constructor: _, ...members } = Object.getOwnPropertyDescriptors(WebSocketClient.prototype)
Object.defineProperties(WebSocket.prototype, members)

for (const [name, value] of Object.entries({ CONNECTING, OPEN, CLOSING, CLOSED })) {
  for (const object of [WebSocket, WebSocket.prototype])
    Object.defineProperty(object, name, { value, enumerable: true })
}
const ENUMERABLE = ['binaryType', 'bufferedAmount', 'extensions', 'isPaused', 'protocol', 'readyState', 'url']
for (const name of [...ENUMERABLE, 'addEventListener', 'removeEventListener']) {
  Object.defineProperty(WebSocket.prototype, name, { enumerable: true })
}
Object.defineProperty(WebSocket.prototype, WAS_CLEAN, {
  get(this: WebSocketClient) {
    return stateOf(this).wasClean
  },
})
Object.assign(WebSocket, {
  createWebSocketStream,
  extension,
  PerMessageDeflate,
  Receiver,
  Sender,
  Server: WebSocketServer,
  subprotocol,
  WebSocket,
  WebSocketServer,
})
for (const type of ['open', 'message', 'close', 'error']) {
  Object.defineProperty(WebSocket.prototype, `on${type}`, {
    enumerable: true,
    configurable: true,
    get(this: WebSocketClient) {
      return attributeHandler(this, type)
    },
    set(this: WebSocketClient, handler: unknown) {
      setAttributeHandler(this, type, handler)
    },
  })
}

/** The state behind a socket. @throws TypeError for anything else */
function stateOf(socket: object): WsSession {
  const state = (socket as { [slot]?: WsSession })[slot]
  if (state === undefined) throw new TypeError('Illegal invocation: this is not a WebSocket')
  return state
}

/** @throws Error while connecting */
function stateToSend(socket: WebSocketClient): WsSession {
  if (socket.readyState === CONNECTING) throw new Error('WebSocket is not open: readyState 0 (CONNECTING)')
  return stateOf(socket)
}

function sendControl(
  socket: WebSocketClient,
  kind: 'ping' | 'pong',
  data: any,
  mask: any,
  callback: SendCallback | undefined,
): void {
  const state = stateToSend(socket)
  const then: SendCallback | undefined = [data, mask, callback].find(value => typeof value === 'function')
  const value = typeof data === 'function' ? undefined : typeof data === 'number' ? String(data) : data
  const content = toContent(value)
  const connection = state.beginSend()
  if (connection instanceof Error) return tooLate(state, content, connection, then)
  if (isBlob(content)) throw new TypeError(`The data of a ${kind} cannot be a Blob`)
  const payload = typeof content === 'string' ? Buffer.from(content) : content
  if (payload.length > MAX_CONTROL_PAYLOAD) {
    throw new RangeError(`The data of a ${kind} has at most ${MAX_CONTROL_PAYLOAD} bytes, not ${payload.length}`)
  }
  connection[kind](payload)
  if (then !== undefined) state.whenSent(then)
}

/** Counts the data that was sent after the close. */
function tooLate(
  state: WsSession,
  content: string | Uint8Array | ReadableBlob,
  error: Error,
  then: SendCallback | undefined,
): void {
  state.countTooLate(isBlob(content) ? content.size : Buffer.byteLength(content))
  if (then !== undefined) state.failLater(inContextOfCaller(then), error)
}

/** The data of a message as text, bytes or a Blob. Any other value is converted by `Buffer.from`. */
function toContent(data: any): string | Uint8Array | ReadableBlob {
  if (typeof data === 'string') return data
  if (!data) return new Uint8Array(0)
  // Bytes are what the slots say, whatever a program has defined on the object.
  if (isView(data)) return isPlain(data) ? data : bytesOfView(data)
  return toBlob(data) ?? bytesOfBuffer(data) ?? Buffer.from(data)
}

function isBlob(content: string | Uint8Array | ReadableBlob): content is ReadableBlob {
  return typeof content === 'object' && 'read' in content
}
