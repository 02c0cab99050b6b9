import type { Blob, Event, EventTarget, ReadyState, URL } from '../host/host-types.ts'
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
import { defaultSettings, readOptions, type Settings, type WebSocketOptions } from '../opening/options.ts'
import { getURLRecord } from '../opening/url.ts'
import { isToken } from '../protocol/header-values.ts'
import { CLOSED, CLOSING, CONNECTING, OPEN } from '../session/ready-state.ts'
import { WebSocketState } from '../session/websocket-state.ts'

export type BinaryType = 'blob' | 'arraybuffer'

export interface WebSocketEventMap {
  close: CloseEvent
  error: Event
  message: MessageEvent
  open: Event
}

/** The browser's WebSocket. @see https://websockets.spec.whatwg.org/#the-websocket-interface */
export interface WebSocket extends EventTarget {
  readonly CONNECTING: 0
  readonly OPEN: 1
  readonly CLOSING: 2
  readonly CLOSED: 3
  /** The URL as it was resolved, with the scheme ws or wss. */
  readonly url: string
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: ReadyState
  /** Bytes of messages that were sent and have not left for the network. Never falls while a script runs. */
  readonly bufferedAmount: number
  /** The extensions in use, or the empty string. */
  readonly extensions: string
  /** The subprotocol in use, or the empty string. */
  readonly protocol: string
  /** As what binary messages are given out; "blob" at first. */
  binaryType: BinaryType
  onopen: ((this: WebSocket, ev: Event) => any) | null
  onmessage: ((this: WebSocket, ev: MessageEvent) => any) | null
  onerror: ((this: WebSocket, ev: Event) => any) | null
  onclose: ((this: WebSocket, ev: CloseEvent) => any) | null
  /**
   * Sends a message: text if it is a string, else binary. After the close it only counts in `bufferedAmount`.
   *
   * @throws "InvalidStateError" DOMException while connecting; TypeError for shared or resizable memory
   */
  send(data: string | Blob | ArrayBufferLike | ArrayBufferView): void
  /**
   * Starts the closing handshake, or gives up connecting.
   *
   * @param code 1000, or 3000 to 4999
   * @param reason at most 123 bytes of UTF-8
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
   * Opens a connection.
   *
   * @param url ws, wss, http or https, without a fragment; relative to `baseURL` or `globalThis.location`
   * @param protocols subprotocols in order of preference; or, beyond the standard, an object of options
   * @throws "SyntaxError" DOMException for a URL or subprotocols that cannot be; TypeError that names a bad option
   */
  new (url: string | URL, protocols?: string | Iterable<string> | WebSocketOptions): WebSocket
  readonly prototype: WebSocket
  readonly CONNECTING: 0
  readonly OPEN: 1
  readonly CLOSING: 2
  readonly CLOSED: 3
}

/**
 * Where a socket keeps its state. A symbol and no private name: those do not reach through a Proxy, and there are
 * libraries that wrap sockets in one.
 */
const slot = Symbol('WebSocket state')

/** The state behind a WebSocket. @throws TypeError for anything else */
export function stateOf(socket: unknown): WebSocketState {
  const state = (socket as { [slot]?: WebSocketState } | null | undefined)?.[slot]
  if (state === undefined) throw new TypeError('Illegal invocation: this is not a WebSocket')
  return state
}

const HostEventTarget = globalThis.EventTarget as unknown as new () => object

export const WebSocket: WebSocketConstructor = class WebSocket extends HostEventTarget {
  constructor(url: unknown, protocols: unknown = []) {
    requireArguments(arguments.length, 1, 'WebSocket')
    const urlText = toUSVString(url)
    const settings = isOptions(protocols) ? readOptions(protocols) : defaultSettings
    const list = toProtocols(isOptions(protocols) ? settings.protocols : protocols)
    // Everything is converted by now, as the IDL has it; what is checked from here on has no side effects.
    const record = getURLRecord(urlText, settings.baseURL ?? documentURL())
    checkProtocols(list)
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
    if (bytes !== undefined) state.sendBinary(bytes)
    else if (isBlob(data)) state.sendBlob(data)
    else state.sendText(toDOMString(data))
  }

  close(code: unknown = undefined, reason: unknown = undefined): void {
    const state = stateOf(this)
    const codeNumber = code === undefined ? undefined : toClampedUnsignedShort(code)
    const reasonText = reason === undefined ? undefined : toUSVString(reason)
    validateCloseCodeAndReason(codeNumber, reasonText)
    // An empty reason is none, so that without a code the Close frame has no body.
    state.close(codeNumber, reasonText === '' ? undefined : reasonText)
  }

  /** The convention by which Node's own objects, timers first, say that they keep the process alive. */
  [Symbol.for('nodejs.ref')](): void {
    stateOf(this).keepAlive(true)
  }

  [Symbol.for('nodejs.unref')](): void {
    stateOf(this).keepAlive(false)
  }
} as unknown as WebSocketConstructor

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

/**
 * Where the IDL has `DOMString or sequence<DOMString>`, an object that is not iterable can only be a mistake; it is
 * the options.
 */
export function isOptions(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(Symbol.iterator in value)
}

/** The list of subprotocols, as the IDL converts it. @throws TypeError for a symbol */
export function toProtocols(value: unknown): string[] {
  if (value === undefined) return []
  const isList = typeof value === 'object' && value !== null && Symbol.iterator in value
  return isList ? Array.from(value as Iterable<unknown>, toDOMString) : [toDOMString(value)]
}

/**
 * @throws "SyntaxError" DOMException if a subprotocol is no token or stands twice; without regard to case, as the
 *   web-platform-tests want it
 */
export function checkProtocols(protocols: readonly string[]): void {
  const seen = new Set<string>()
  for (const protocol of protocols) {
    if (!isToken(protocol)) {
      throw new DOMException(`${JSON.stringify(protocol)} cannot be a subprotocol: it is not a token`, 'SyntaxError')
    }
    const folded = protocol.toLowerCase()
    if (seen.has(folded)) throw new DOMException(`The subprotocol "${protocol}" stands twice`, 'SyntaxError')
    seen.add(folded)
  }
}

/** The base URL of the document or worker that this runs in, where the host has such a thing. */
export function documentURL(): string | undefined {
  return (globalThis as { location?: { href?: string } }).location?.href
}

function isBlob(value: unknown): value is Blob {
  if (typeof value !== 'object' || value === null) return false
  if (typeof globalThis.Blob === 'function' && value instanceof globalThis.Blob) return true
  const tag = Object.prototype.toString.call(value)
  return (tag === '[object Blob]' || tag === '[object File]') && typeof (value as Blob).arrayBuffer === 'function'
}
