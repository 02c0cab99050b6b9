import { readCloseInfo, validateCloseCodeAndReason, type WebSocketCloseInfo } from '../idl/close-info.ts'
import { completeInterface, requireArguments, toUSVString } from '../idl/webidl.ts'
import { defaultSettings, readOptions, type Settings, type WebSocketOptions } from '../opening/options.ts'
import { getURLRecord } from '../opening/url.ts'
import { type StreamClasses, type WebSocketOpenInfo, WebSocketStreamState } from '../session/websocket-stream-state.ts'
import { checkProtocols, documentURL, toProtocols } from './websocket.ts'

/** The options of a WebSocket, and what is special to streams. */
export interface WebSocketStreamOptions extends Omit<WebSocketOptions, 'protocols'> {
  /** Subprotocols, in order of preference. */
  readonly protocols?: Iterable<string>
  /** The classes of the Streams Standard, for hosts that have none. Default: those of `globalThis`. */
  readonly streams?: StreamClasses
}

/**
 * A WebSocket with backpressure: a stream of messages to read and one to write.
 *
 * @see https://whatpr.org/websockets/48.html
 */
export interface WebSocketStream {
  /** The URL as it was resolved, with the scheme ws or wss. */
  readonly url: string
  /**
   * Resolves when the opening handshake is done. Rejects with a WebSocketError if it fails, or with the reason of the
   * signal.
   */
  readonly opened: Promise<WebSocketOpenInfo>
  /**
   * Resolves with the server's code and reason when the closing handshake is done and all that was written has left.
   * Rejects with a WebSocketError if the connection ends in another way, or with the reason of the signal.
   */
  readonly closed: Promise<WebSocketCloseInfo>
  /**
   * Starts the closing handshake, behind everything that was written, or gives up connecting.
   *
   * @throws "InvalidAccessError" DOMException for a code that is not 1000 or 3000 to 4999; "SyntaxError" DOMException
   *   for a reason of more than 123 bytes of UTF-8; TypeError for a code that is not from 0 to 65535
   */
  close(closeInfo?: WebSocketCloseInfo): void
}

export interface WebSocketStreamConstructor {
  /**
   * Opens a connection.
   *
   * @param url ws, wss, http or https, without a fragment; relative to `baseURL` or `globalThis.location`
   * @throws "SyntaxError" DOMException for a URL or subprotocols that cannot be; TypeError that names a bad option, or
   *   if there are no classes of streams
   */
  new (url: string | { readonly href: string }, options?: WebSocketStreamOptions): WebSocketStream
  readonly prototype: WebSocketStream
}

/** Where a stream keeps its state: a symbol, as for WebSocket. */
const slot = Symbol('WebSocketStream state')

/** Whether `value` is a WebSocketStream. */
export function isWebSocketStream(value: unknown): value is WebSocketStream {
  return typeof value === 'object' && value !== null && slot in value
}

/** The state behind a WebSocketStream. @throws TypeError for anything else */
export function streamStateOf(stream: unknown): WebSocketStreamState {
  const state = (stream as { [slot]?: WebSocketStreamState } | null | undefined)?.[slot]
  if (state === undefined) throw new TypeError('Illegal invocation: this is not a WebSocketStream')
  return state
}

export const WebSocketStream: WebSocketStreamConstructor = class WebSocketStream {
  constructor(url: unknown, options: unknown = undefined) {
    requireArguments(arguments.length, 1, 'WebSocketStream')
    const urlText = toUSVString(url)
    const { settings, streams } = readStreamOptions(options)
    const protocols = toProtocols(settings.protocols)
    const record = getURLRecord(urlText, settings.baseURL ?? documentURL())
    checkProtocols(protocols)
    Object.defineProperty(this, slot, { value: new WebSocketStreamState(record, protocols, settings, streams) })
  }

  get url(): string {
    return streamStateOf(this).url
  }

  // An attribute that is a promise rejects where others throw.
  get opened(): Promise<WebSocketOpenInfo> {
    return promiseOf(this, state => state.opened.promise)
  }

  get closed(): Promise<WebSocketCloseInfo> {
    return promiseOf(this, state => state.closed.promise)
  }

  close(closeInfo: unknown = undefined): void {
    const state = streamStateOf(this)
    const { closeCode, reason } = readCloseInfo(closeInfo)
    validateCloseCodeAndReason(closeCode, reason)
    state.close(closeCode, reason)
  }

  /** As for WebSocket. */
  [Symbol.for('nodejs.ref')](): void {
    streamStateOf(this).keepAlive(true)
  }

  [Symbol.for('nodejs.unref')](): void {
    streamStateOf(this).keepAlive(false)
  }
} as unknown as WebSocketStreamConstructor

completeInterface(WebSocketStream as never, 'WebSocketStream', ['url', 'opened', 'closed', 'close'])

function readStreamOptions(options: unknown): { settings: Settings; streams: StreamClasses } {
  if (options === undefined || options === null) return { settings: defaultSettings, streams: readStreams(undefined) }
  if (typeof options !== 'object' && typeof options !== 'function') {
    throw new TypeError('The options of a WebSocketStream are not an object')
  }
  const { streams, ...others } = options as { streams?: unknown; protocols?: unknown }
  const { protocols } = others
  // sequence<USVString>
  if (
    protocols !== undefined &&
    (typeof protocols !== 'object' || protocols === null || !(Symbol.iterator in protocols))
  ) {
    throw new TypeError('The WebSocketStream option "protocols" is not a list')
  }
  return { settings: readOptions(others), streams: readStreams(streams) }
}

function readStreams(value: unknown): StreamClasses {
  const { ReadableStream, WritableStream } = (value === undefined ? globalThis : Object(value)) as StreamClasses
  if (typeof ReadableStream === 'function' && typeof WritableStream === 'function') {
    return { ReadableStream, WritableStream }
  }
  throw new TypeError(
    value === undefined
      ? 'This host has no ReadableStream and WritableStream: pass the option "streams"'
      : 'The WebSocketStream option "streams" has no ReadableStream and WritableStream',
  )
}

function promiseOf<Value>(stream: unknown, get: (state: WebSocketStreamState) => Promise<Value>): Promise<Value> {
  try {
    return get(streamStateOf(stream))
  } catch (error) {
    return Promise.reject(error)
  }
}
