import type { Blob, Event, EventTarget, HostConstant, ReadyState, URL } from '../host/host-types.ts'
import type { CloseEvent } from '../idl/close-event.ts'
import type { MessageEvent } from '../idl/message-event.ts'
import type { WebSocketOptions } from '../opening/options.ts'
import type { WsOptions } from '../opening/ws-options.ts'

/** The type in which binary messages are given out. */
export type BinaryType = 'blob' | 'arraybuffer'

/** The events of a WebSocket, by their types. */
export interface WebSocketEventMap {
  /** The connection has ended, well or not. It is the last event. */
  close: CloseEvent
  /** The connection has failed, right before `close`. `failure(socket)` says why. */
  error: Event
  /** A message has arrived. */
  message: MessageEvent
  /** The connection is open: `send` may be called from now on. */
  open: Event
}

/**
 * The browser's WebSocket.
 *
 * @see https://websockets.spec.whatwg.org/#the-websocket-interface
 * @hidden
 */
export interface WebSocket extends EventTarget {
  readonly CONNECTING: HostConstant<0>
  readonly OPEN: HostConstant<1>
  readonly CLOSING: HostConstant<2>
  readonly CLOSED: HostConstant<3>
  /** The URL of the connection, resolved and serialized, with the scheme ws or wss. */
  readonly url: string
  /** The state of the connection: 0 CONNECTING, 1 OPEN, 2 CLOSING, 3 CLOSED. */
  readonly readyState: ReadyState
  /**
   * Payload bytes that `send` was given and that have not left for the network. Falls only between turns of the event loop.
   * Data that is sent after the close was started stays in it for good.
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
  onerror: ErrorHandler | null
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

/**
 * A listener to `error`. It is declared as a method, so that the types of Node.js, where the event is an ErrorEvent, are taken for
 * these.
 */
type ErrorHandler = { listener(this: WebSocket, ev: Event): any }['listener']

/**
 * The class as a type. It is declared as a class, since TypeScript then takes the host's class, whose constructor knows no options,
 * for one of this type as well: libraries that are written against either take both.
 *
 * @hidden
 */
export declare class WebSocket {
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
  constructor(url: string | URL, protocols?: string | Iterable<string> | WebSocketOptions | null, options?: WsOptions)
  static readonly CONNECTING: HostConstant<0>
  static readonly OPEN: HostConstant<1>
  static readonly CLOSING: HostConstant<2>
  static readonly CLOSED: HostConstant<3>
}

/** The type of `WebSocket` and of the classes that `configured` makes. */
export type WebSocketConstructor = typeof WebSocket
