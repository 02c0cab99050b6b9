import type {
  WebSocketStreamConstructor,
  WebSocketStream as WebSocketStreamInterface,
} from '../api/websocket-stream.ts'
import { readCloseInfo, validateCloseCodeAndReason, type WebSocketCloseInfo } from '../idl/close-info.ts'
import { completeInterface, requireArguments } from '../idl/webidl.ts'
import { WebSocketError as OwnWebSocketError, type WebSocketErrorConstructor } from '../idl/websocket-error.ts'
import { toSubprotocols, validateSubprotocols } from '../opening/subprotocols.ts'
import type { StreamClasses, WebSocketOpenInfo } from '../session/websocket-stream-state.ts'
import { scope } from './host-classes.ts'
import { withOptions } from './host-stream.ts'
import { resolveURL } from './options.ts'
import { readStreamOptions } from './stream-options.ts'
import { findStreamState, streamSlot } from './stream-slot.ts'
import { HostStreamState } from './stream-state.ts'

function stateOf(stream: unknown): HostStreamState {
  const state = findStreamState(stream)
  if (state === undefined) throw new TypeError('Illegal invocation: this is not a WebSocketStream')
  return state
}

const OwnWebSocketStream = class WebSocketStream {
  constructor(url: unknown, options: unknown = undefined) {
    requireArguments(arguments.length, 1, 'WebSocketStream')
    const { settings, streams } = readStreamOptions(options)
    const classes = readStreams(streams)
    const protocols = toSubprotocols(settings.protocols)
    const href = resolveURL(url, settings.baseURL)
    validateSubprotocols(protocols)
    Object.defineProperty(this, streamSlot, { value: new HostStreamState(href, protocols, settings, classes) })
  }

  get url(): string {
    return stateOf(this).url
  }

  // On an object of another class, the getter of a promise rejects; it does not throw (Web IDL, attribute getters).
  get opened(): Promise<WebSocketOpenInfo> {
    return promiseOf(this, state => state.opened.promise)
  }

  get closed(): Promise<WebSocketCloseInfo> {
    return promiseOf(this, state => state.closed.promise)
  }

  close(closeInfo: unknown = undefined): void {
    const state = stateOf(this)
    const { closeCode, reason } = readCloseInfo(closeInfo)
    validateCloseCodeAndReason(closeCode, reason)
    state.close(closeCode, reason)
  }
} as unknown as WebSocketStreamConstructor

completeInterface(OwnWebSocketStream as never, 'WebSocketStream', ['url', 'opened', 'closed', 'close'])

/** Whether the host has the stream and its error. Those of two origins would not fit together. */
const hasStream = typeof scope.WebSocketStream === 'function' && typeof scope.WebSocketError === 'function'

/** The host's class with the options of this package, or where there is none the class of this package over the host's WebSocket. */
export const WebSocketStream: WebSocketStreamConstructor = hasStream
  ? withOptions(scope.WebSocketStream as WebSocketStreamConstructor)
  : OwnWebSocketStream
/** A connection whose messages are two streams. */
export type WebSocketStream = WebSocketStreamInterface

/** The host's class, or that of this package where the host has no WebSocketStream. */
export const WebSocketError: WebSocketErrorConstructor = hasStream
  ? (scope.WebSocketError as WebSocketErrorConstructor)
  : OwnWebSocketError

function readStreams(value: unknown): StreamClasses {
  const { ReadableStream, WritableStream } = (value === undefined ? scope : Object(value)) as StreamClasses
  if (typeof ReadableStream === 'function' && typeof WritableStream === 'function') {
    return { ReadableStream, WritableStream }
  }
  throw new TypeError('There is no ReadableStream and WritableStream: pass the WebSocketStream option "streams"')
}

function promiseOf<Value>(stream: unknown, get: (state: HostStreamState) => Promise<Value>): Promise<Value> {
  try {
    return get(stateOf(stream))
  } catch (error) {
    return Promise.reject(error)
  }
}
