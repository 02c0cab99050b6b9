import type { URL } from '../host/host-types.ts'
import { toBlob } from '../idl/blob.ts'
import { validateCloseCodeAndReason } from '../idl/close-info.ts'
import { defineEventHandlers } from '../idl/event-handlers.ts'
import { showInConsole, withoutCredentials } from '../idl/inspection.ts'
import {
  bytesOf,
  completeInterface,
  defineConstants,
  named,
  requireArguments,
  toClampedUnsignedShort,
  toDOMString,
  toUSVString,
} from '../idl/webidl.ts'
import { isInit } from '../opening/options/init.ts'
import { defaultSettings, readOptions, type Settings } from '../opening/options.ts'
import { toSubprotocols, validateSubprotocols } from '../opening/subprotocols.ts'
import { documentURL, getURLRecord } from '../opening/url.ts'
import { joinOptions } from '../opening/ws-options.ts'
import { CLOSED, CLOSING, CONNECTING, OPEN, STATE_NAMES } from '../session/ready-state.ts'
import { WebSocketState } from '../session/websocket-state.ts'
import type { BinaryType, WebSocketConstructor, WebSocket as WebSocketInterface } from './websocket-interface.ts'

/** @see https://websockets.spec.whatwg.org/#the-websocket-interface */
export type WebSocket = WebSocketInterface

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

/** Makes an object a WebSocket: `state` is behind it from now on. */
export function setState(socket: object, state: WebSocketState): void {
  Object.defineProperty(socket, slot, { value: state })
}

/**
 * Converts and checks the arguments of the constructor, which are for `WebSocketState`.
 *
 * @param pageURL gives what a relative URL is resolved against without the option `baseURL`
 */
export function readArguments(
  url: unknown,
  protocols: unknown,
  options: unknown,
  pageURL: () => string | undefined,
): [url: URL, protocols: readonly string[], settings: Settings] {
  const urlText = toUSVString(url)
  const given = joinOptions(protocols, options)
  const settings = given === undefined ? defaultSettings() : readOptions(given)
  const list = toSubprotocols(isInit(protocols) ? settings.protocols : protocols)
  // All conversions of Web IDL, which may call the user's code, come before the first step of the constructor.
  const record = getURLRecord(urlText, settings.baseURL ?? pageURL())
  validateSubprotocols(list)
  return [record, list, settings]
}

const HostEventTarget = globalThis.EventTarget as unknown as new () => object

/** The browser's WebSocket: the class. {@link WebSocketConstructor} has its constructor, the interface of this name its members. */
export const WebSocket: WebSocketConstructor = named({
  WebSocket: class extends HostEventTarget {
    constructor(url: unknown, protocols: unknown = undefined, options: unknown = undefined) {
      requireArguments(arguments.length, 1, 'WebSocket')
      const given = readArguments(url, protocols, options, documentURL)
      super()
      const state = new WebSocketState(this, ...given, new.target)
      setState(this, state)
      state.announce()
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
}) as unknown as WebSocketConstructor

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

showInConsole(WebSocket.prototype, socket => {
  const { url, readyState, protocol, extensions, binaryType, bufferedAmount, failure } = stateOf(socket)
  return {
    url: withoutCredentials(url),
    readyState: STATE_NAMES[readyState],
    protocol,
    extensions,
    binaryType,
    bufferedAmount,
    failure,
    // Properties that the user has added to the object.
    ...(socket as object),
  }
})
