import type { HasHref } from '../host/host-types.ts'
import { readCloseInfo, validateCloseCodeAndReason, type WebSocketCloseInfo } from '../idl/close-info.ts'
import { showInConsole, withoutCredentials } from '../idl/inspection.ts'
import { completeInterface, isSequence, named, requireArguments, toUSVString } from '../idl/webidl.ts'
import { copyOptions } from '../opening/options/init.ts'
import { defaultSettings, readOptions, type Settings, type WebSocketOptions } from '../opening/options.ts'
import { toSubprotocols, validateSubprotocols } from '../opening/subprotocols.ts'
import { documentURL, getURLRecord } from '../opening/url.ts'
import { STATE_NAMES } from '../session/ready-state.ts'
import { type StreamClasses, type WebSocketOpenInfo, WebSocketStreamState } from '../session/websocket-stream-state.ts'

/** The options of a WebSocketStream: those of a WebSocket, except that `protocols` is a list only, and `streams`. */
export interface WebSocketStreamOptions extends Omit<WebSocketOptions, 'protocols'> {
  /** Subprotocols to offer (RFC 6455 section 1.9), in order of preference. Default: none. */
  readonly protocols?: Iterable<string>
  /** The classes of the Streams Standard, for hosts without them. Default: those of `globalThis`. */
  readonly streams?: StreamClasses
}

/**
 * A WebSocket with backpressure in both directions: a stream of messages to read, and one to write.
 *
 * @see https://whatpr.org/websockets/48.html
 */
export interface WebSocketStream {
  /** The URL of the connection, resolved and serialized, with the scheme ws or wss. */
  readonly url: string
  /**
   * Resolves with the streams when the opening handshake is done. Rejects with a WebSocketError if the handshake fails, or with
   * the reason of the signal.
   */
  readonly opened: Promise<WebSocketOpenInfo>
  /**
   * Resolves with the server's status code and reason when the connection has closed cleanly and all messages have been sent;
   * the code is 1005 if the server sent none (RFC 6455 section 7.1.5). Rejects with a WebSocketError if the connection ends in
   * another way, or with the reason of the signal.
   */
  readonly closed: Promise<WebSocketCloseInfo>
  /**
   * Starts the closing handshake (RFC 6455 section 7.1.2), behind all messages that were written. Fails the connection if it is
   * not open yet. Without effect if the close was started before.
   *
   * @param closeInfo the status code and reason to send. Default: none
   * @throws "InvalidAccessError" DOMException for a code that is not 1000 or 3000 to 4999; "SyntaxError" DOMException
   *   for a reason of more than 123 bytes of UTF-8; TypeError for a code that is not from 0 to 65535
   */
  close(closeInfo?: WebSocketCloseInfo): void
}

/** What `WebSocketStream` is as a value: its constructor. */
export interface WebSocketStreamConstructor {
  /**
   * Opens a connection. A failure rejects the promises `opened` and `closed`.
   *
   * @param url an absolute URL, or one relative to the option `baseURL` or `globalThis.location`; its scheme is ws, wss, http
   *   (which becomes ws) or https (wss), and it has no fragment
   * @throws "SyntaxError" DOMException for an invalid URL, and for a subprotocol that is no token or is given twice; TypeError
   *   that names an invalid option, or if the host has no streams and none are given
   */
  new (url: string | HasHref, options?: WebSocketStreamOptions): WebSocketStream
  /** The object that all streams inherit from. */
  readonly prototype: WebSocketStream
}

/** The property in which a WebSocketStream keeps its state. It is a symbol for the sake of Proxies, as for `WebSocket`. */
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

/** The class. {@link WebSocketStreamConstructor} has its constructor, the interface of this name its members. */
export const WebSocketStream: WebSocketStreamConstructor = named({
  WebSocketStream: class {
    constructor(url: unknown, options: unknown = undefined) {
      requireArguments(arguments.length, 1, 'WebSocketStream')
      const urlText = toUSVString(url)
      const { settings, streams } = readStreamOptions(options)
      const protocols = toSubprotocols(settings.protocols)
      const record = getURLRecord(urlText, settings.baseURL ?? documentURL())
      validateSubprotocols(protocols)
      const state = new WebSocketStreamState(this, record, protocols, settings, streams, new.target)
      Object.defineProperty(this, slot, { value: state })
      state.announce()
    }

    get url(): string {
      return streamStateOf(this).url
    }

    // On an object of another class, the getter of a promise rejects; it does not throw (Web IDL, attribute getters).
    get opened(): Promise<WebSocketOpenInfo> {
      return promiseOf(this, state => state.opened.promise)
    }

    get closed(): Promise<WebSocketCloseInfo> {
      return promiseOf(this, state => state.awaitClosed())
    }

    close(closeInfo: unknown = undefined): void {
      const state = streamStateOf(this)
      const { closeCode, reason } = readCloseInfo(closeInfo)
      validateCloseCodeAndReason(closeCode, reason)
      state.close(closeCode, reason)
    }

    /** Node.js's Refable protocol: `process.ref` and `process.unref` call these two methods. */
    [Symbol.for('nodejs.ref')](): void {
      streamStateOf(this).keepAlive(true)
    }

    [Symbol.for('nodejs.unref')](): void {
      streamStateOf(this).keepAlive(false)
    }
  },
}) as unknown as WebSocketStreamConstructor

completeInterface(WebSocketStream as never, 'WebSocketStream', ['url', 'opened', 'closed', 'close'])

showInConsole(WebSocketStream.prototype, stream => {
  const { url, readyState, failure } = streamStateOf(stream)
  return { url: withoutCredentials(url), readyState: STATE_NAMES[readyState], failure, ...(stream as object) }
})

function readStreamOptions(options: unknown): { settings: Settings; streams: StreamClasses } {
  if (options === undefined || options === null) return { settings: defaultSettings(), streams: readStreams(undefined) }
  if (typeof options !== 'object' && typeof options !== 'function') {
    throw new TypeError('The options of a WebSocketStream are not an object')
  }
  const given = copyOptions(options, ['protocols', 'signal', 'targetAddressSpace'])
  const { streams } = given
  delete given.streams
  // The proposal has sequence<USVString>, while the option of a WebSocket may be a string as well.
  if (given.protocols !== undefined && !isSequence(given.protocols)) {
    throw new TypeError('The WebSocketStream option "protocols" is not a list')
  }
  return { settings: readOptions(given), streams: readStreams(streams) }
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
