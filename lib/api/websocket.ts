import type { Blob, Event, EventTarget, ReadyState, URL } from '../host/host-types.ts'
import { toBlob } from '../idl/blob.ts'
import type { CloseEvent } from '../idl/close-event.ts'
import { validateCloseCodeAndReason } from '../idl/close-info.ts'
import { defineEventHandlers } from '../idl/event-handlers.ts'
import type { MessageEvent } from '../idl/message-event.ts'
import {
  bytesOf,
  completeInterface,
  defineConstants,
  requireArguments,
  toClampedUnsignedShort,
  toDOMString,
  toUSVString,
} from '../idl/webidl.ts'
import { isInit } from '../opening/options/init.ts'
import { defaultSettings, readOptions, type Settings, type WebSocketOptions } from '../opening/options.ts'
import { toSubprotocols, validateSubprotocols } from '../opening/subprotocols.ts'
import { documentURL, getURLRecord } from '../opening/url.ts'
import { joinOptions, type WsOptions } from '../opening/ws-options.ts'
import { CLOSED, CLOSING, CONNECTING, OPEN } from '../session/ready-state.ts'
import { WebSocketState } from '../session/websocket-state.ts'

/** The type in which binary messages are given out. */
export type BinaryType = 'blob' | 'arraybuffer'

export interface WebSocketEventMap {
  close: CloseEvent
  error: Event
  message: MessageEvent
  open: Event
}

/**
 * The browser's WebSocket.
 *
 * @see https://websockets.spec.whatwg.org/#the-websocket-interface
 */
export interface WebSocket extends EventTarget {
  readonly CONNECTING: 0
  readonly OPEN: 1
  readonly CLOSING: 2
  readonly CLOSED: 3
  /** The URL of the connection, resolved and serialized, with the scheme ws or wss. */
  readonly url: string
  /** The state of the connection: 0 CONNECTING, 1 OPEN, 2 CLOSING, 3 CLOSED. */
  readonly readyState: ReadyState
  /**
   * Payload bytes that `send` was given and that have not left for the network. Falls only between turns of the event loop.
   * What is sent after the close was started stays in it for good.
   */
  readonly bufferedAmount: number
  /** The extensions that were agreed on (RFC 6455 section 9.1). The empty string without any, and before `open`. */
  readonly extensions: string
  /** The subprotocol that the server has chosen (RFC 6455 section 1.9). The empty string without one, and before `open`. */
  readonly protocol: string
  /** The type in which binary messages are given out. Other values are ignored when it is set. Default: "blob". */
  binaryType: BinaryType
  onopen: ((this: WebSocket, ev: Event) => any) | null
  onmessage: ((this: WebSocket, ev: MessageEvent) => any) | null
  onerror: ((this: WebSocket, ev: Event) => any) | null
  onclose: ((this: WebSocket, ev: CloseEvent) => any) | null
  /**
   * Sends a message (RFC 6455 section 6.1): a binary message for a Blob, an ArrayBuffer or a view of one, a text message for
   * anything else. Once the close was started, nothing is sent, and the message only counts in `bufferedAmount`.
   *
   * @param data buffers are copied; what is neither binary nor a string is converted to a string; a lone surrogate is sent as
   *   U+FFFD
   * @throws "InvalidStateError" DOMException while the state is CONNECTING; TypeError for shared or resizable memory, for a
   *   symbol, and for a Blob of another realm that cannot be read
   */
  send(data: string | Blob | ArrayBufferLike | ArrayBufferView): void
  /**
   * Starts the closing handshake (RFC 6455 section 7.1.2), behind all messages that were sent. Fails the connection if it is
   * not open yet. Without effect if the state is CLOSING or CLOSED.
   *
   * @param code the status code: 1000, or 3000 to 4999. Default: none, or 1000 if there is a reason
   * @param reason at most 123 bytes of UTF-8. Default: the empty string
   * @throws "InvalidAccessError" DOMException for another code; "SyntaxError" DOMException for a longer reason
   */
  close(code?: number, reason?: string): void
  addEventListener<K extends keyof WebSocketEventMap>(
    type: K,
    listener: (this: WebSocket, ev: WebSocketEventMap[K]) => any,
    options?: any,
  ): void
  addEventListener(type: string, listener: any, options?: any): void
  removeEventListener<K extends keyof WebSocketEventMap>(
    type: K,
    listener: (this: WebSocket, ev: WebSocketEventMap[K]) => any,
    options?: any,
  ): void
  removeEventListener(type: string, listener: any, options?: any): void
}

export interface WebSocketConstructor {
  /**
   * Opens a connection. Failures of the connection are reported by the events `error` and `close`.
   *
   * @param url an absolute URL, or one relative to the option `baseURL` or `globalThis.location`; its scheme is ws, wss, http
   *   (which becomes ws) or https (wss), and it has no fragment
   * @param protocols subprotocols in order of preference; or an object of options, of which the standard has a few
   *   (`WebSocketInit`). Default: none
   * @param options beyond the standard, options by the names of ws
   * @throws "SyntaxError" DOMException for an invalid URL, and for a subprotocol that is no token or is given twice; TypeError
   *   that names an invalid option
   */
  new (
    url: string | URL,
    protocols?: string | Iterable<string> | WebSocketOptions | null,
    options?: WsOptions,
  ): WebSocket
  readonly prototype: WebSocket
  readonly CONNECTING: 0
  readonly OPEN: 1
  readonly CLOSING: 2
  readonly CLOSED: 3
}

/**
 * The property in which a socket keeps its state. It is a symbol and not a private name, since some libraries wrap sockets in
 * a Proxy, through which private names cannot be read.
 */
const slot = Symbol('WebSocket state')

/** The state behind a WebSocket. @throws TypeError for anything else */
export function stateOf(socket: unknown): WebSocketState {
  const state = (socket as { [slot]?: WebSocketState } | null | undefined)?.[slot]
  if (state === undefined) throw new TypeError('Illegal invocation: this is not a WebSocket')
  return state
}

const HostEventTarget = globalThis.EventTarget as unknown as new () => object

export const WebSocket: WebSocketConstructor = {
  WebSocket: class extends HostEventTarget {
    constructor(url: unknown, protocols: unknown = undefined, options: unknown = undefined) {
      requireArguments(arguments.length, 1, 'WebSocket')
      const urlText = toUSVString(url)
      const given = joinOptions(protocols, options)
      const settings = given === undefined ? defaultSettings : readOptions(given)
      const list = toSubprotocols(isInit(protocols) ? settings.protocols : protocols)
      // All conversions of Web IDL, which may call the user's code, come before the first step of the constructor.
      const record = getURLRecord(urlText, settings.baseURL ?? documentURL())
      validateSubprotocols(list)
      super()
      Object.defineProperty(this, slot, { value: new WebSocketState(this, record, list, settings as Settings) })
    }

    get url(): string {
      return stateOf(this).url
    }

    get readyState(): number {
      return stateOf(this).readyState
    }

    get bufferedAmount(): number {
      return stateOf(this).bufferedAmount
    }

    get extensions(): string {
      return stateOf(this).extensions
    }

    get protocol(): string {
      return stateOf(this).protocol
    }

    get binaryType(): BinaryType {
      return stateOf(this).binaryType
    }

    set binaryType(value: unknown) {
      const state = stateOf(this)
      const type = toDOMString(value)
      if (type === 'blob' || type === 'arraybuffer') state.binaryType = type
    }

    send(data: unknown): void {
      const state = stateOf(this)
      requireArguments(arguments.length, 1, 'send')
      if (typeof data === 'string') return state.sendText(data)
      const bytes = bytesOf(data)
      if (bytes !== undefined) return state.sendBinary(bytes)
      const blob = toBlob(data)
      if (blob !== undefined) state.sendBlob(blob)
      else state.sendText(toDOMString(data))
    }

    close(code: unknown = undefined, reason: unknown = undefined): void {
      const state = stateOf(this)
      const codeNumber = code === undefined ? undefined : toClampedUnsignedShort(code)
      const reasonText = reason === undefined ? undefined : toUSVString(reason)
      validateCloseCodeAndReason(codeNumber, reasonText)
      // Without a code, an empty reason makes a Close frame without a body.
      state.close(codeNumber, reasonText === '' ? undefined : reasonText)
    }

    /** Node.js's Refable protocol: `process.ref` and `process.unref` call these two methods. */
    [Symbol.for('nodejs.ref')](): void {
      stateOf(this).keepAlive(true)
    }

    [Symbol.for('nodejs.unref')](): void {
      stateOf(this).keepAlive(false)
    }
  },
}.WebSocket as unknown as WebSocketConstructor

defineConstants(WebSocket as never, { CONNECTING, OPEN, CLOSING, CLOSED })
completeInterface(WebSocket as never, 'WebSocket', [
  'url',
  'readyState',
  'bufferedAmount',
  'extensions',
  'protocol',
  'binaryType',
  'send',
  'close',
])
defineEventHandlers(WebSocket.prototype, ['open', 'error', 'close', 'message'], stateOf)
