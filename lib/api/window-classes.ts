import { completeInterface, named, requireArguments } from '../idl/webidl.ts'
import { copyOptions } from '../opening/options/init.ts'
import type { Settings } from '../opening/options.ts'
import { type WindowClasses, WindowSocketState } from '../session/window-socket-state.ts'
import { readArguments, setState, WebSocket } from './websocket.ts'
import { WebSocketStream } from './websocket-stream.ts'

/** A window of another realm, such as that of jsdom, in which `install` defines classes of that window's own. */
export interface ForeignWindow extends WindowClasses {
  readonly location?: { readonly href?: string; readonly origin?: string }
  readonly document?: { readonly baseURI?: string }
}

/** The host's class at load, which is that of `WebSocket`. */
const HostEventTarget: unknown = globalThis.EventTarget

/** Whether `target` is a window whose events are not those of this realm. */
export function isForeignWindow(target: object): target is ForeignWindow {
  if (target === globalThis) return false
  const classes = ['EventTarget', 'Event', 'MessageEvent', 'CloseEvent'] as const
  return (
    classes.every(name => typeof (target as Partial<ForeignWindow>)[name] === 'function') &&
    (target as ForeignWindow).EventTarget !== HostEventTarget
  )
}

/**
 * Makes the classes of a window. Its sockets are event targets of the window, fire its events and give its Blobs and buffers;
 * relative URLs are resolved against its document, and its origin is sent. The window is looked at when a socket is made, so
 * that a navigation counts. The functions of this package (`failure`, `ping` and others) take these sockets as well.
 */
export function makeWindowClasses(window: ForeignWindow): { WebSocket: object; WebSocketStream: object } {
  // Read once: a class that a test puts in their place later is not used.
  const { EventTarget, Event, MessageEvent, CloseEvent, Blob } = window
  const classes = { EventTarget, Event, MessageEvent, CloseEvent, Blob, Uint8Array: window.Uint8Array } as WindowClasses

  const WindowSocket = named({
    WebSocket: class extends EventTarget {
      constructor(url: unknown, protocols: unknown = undefined, options: unknown = undefined) {
        requireArguments(arguments.length, 1, 'WebSocket')
        const [record, list, given] = readArguments(url, protocols, options, () => baseOf(window))
        super()
        const settings =
          given.origin === undefined
            ? ({ __proto__: given, origin: window.location?.origin } as unknown as Settings)
            : given
        const state = new WindowSocketState(this, record, list, settings, new.target, classes)
        setState(this, state)
        state.announce()
      }
    },
  }) as { readonly prototype: object }
  copyMembers(WebSocket, WindowSocket)
  copyMembers(WebSocket.prototype, WindowSocket.prototype)

  const Base = WebSocketStream as unknown as new (url: unknown, options: unknown) => object
  const WindowStream = named({
    WebSocketStream: class extends Base {
      constructor(url: unknown, options: unknown = undefined) {
        requireArguments(arguments.length, 1, 'WebSocketStream')
        super(url, inWindow(window, options))
      }
    },
  }) as { readonly prototype: object }
  completeInterface(WindowStream, 'WebSocketStream', [])
  return { WebSocket: WindowSocket, WebSocketStream: WindowStream }
}

/** The API base URL of HTML: that of the document, which its `<base>` sets. */
function baseOf({ document, location }: ForeignWindow): string | undefined {
  return document?.baseURI ?? location?.href
}

/** The options of a stream, with those of the page as defaults. */
function inWindow(window: ForeignWindow, options: unknown): unknown {
  const isObject = typeof options === 'object' || typeof options === 'function'
  if (options !== undefined && !isObject) return options
  const given = copyOptions(options as object | undefined, ['protocols', 'signal', 'targetAddressSpace'])
  given.baseURL ??= baseOf(window)
  given.origin ??= window.location?.origin
  return given
}

/** Copies constants, attributes and methods from one interface to another of the same name. */
function copyMembers(from: object, to: object): void {
  for (const key of Reflect.ownKeys(from)) {
    if (OWN.has(key)) continue
    Object.defineProperty(to, key, Object.getOwnPropertyDescriptor(from, key)!)
  }
}

/** Members that every class, or its prototype, has by definition. They are not copied. */
const OWN: ReadonlySet<PropertyKey> = new Set(['prototype', 'constructor', 'name', 'length'])
