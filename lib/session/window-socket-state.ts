import type { Event, URL } from '../host/host-types.ts'
import type { CloseEvent } from '../idl/close-event.ts'
import type { MessageEvent } from '../idl/message-event.ts'
import type { Settings } from '../opening/options.ts'
import { WebSocketState } from './websocket-state.ts'

type Class<Arguments extends readonly unknown[]> = new (...given: Arguments) => object

/** A window of another realm, for example of jsdom: the members that its sockets use. */
export interface WindowClasses {
  readonly EventTarget: Class<[]>
  readonly Event: Class<[type: string]>
  readonly MessageEvent: Class<[type: string, init: object]>
  readonly CloseEvent: Class<[type: string, init: object]>
  readonly Blob?: Class<[parts: readonly unknown[]]>
  readonly Uint8Array?: new (source: Uint8Array) => { readonly buffer: object }
}

/** The state behind a WebSocket of a window of another realm: events and binary messages are of the classes of that window. */
export class WindowSocketState extends WebSocketState {
  readonly #window: WindowClasses

  constructor(
    socket: object,
    url: URL,
    protocols: readonly string[],
    settings: Settings,
    calledClass: unknown,
    window: WindowClasses,
  ) {
    super(socket, url, protocols, settings, calledClass)
    this.#window = window
  }

  override get takesPieces(): boolean {
    return false
  }

  protected override toBinaryData(bytes: ArrayBuffer): unknown {
    const { Blob, Uint8Array: ForeignArray } = this.#window
    const isForeign = ForeignArray !== undefined && (ForeignArray as unknown) !== Uint8Array
    const view = isForeign ? new ForeignArray(new Uint8Array(bytes)) : new Uint8Array(bytes)
    return this.binaryType === 'blob' && Blob !== undefined ? new Blob([view]) : view.buffer
  }

  protected override fire(event: Event): void {
    const { dispatchEvent } = this.#window.EventTarget.prototype as { dispatchEvent(event: object): boolean }
    dispatchEvent.call(this.socket, this.#convert(event))
  }

  /** Makes an event of the window, since a window dispatches its own alone. */
  #convert(event: Event): object {
    const { type } = event
    if (type === 'message') {
      const { data, origin } = event as MessageEvent
      return new this.#window.MessageEvent(type, { data, origin })
    }
    if (type === 'close') {
      const { wasClean, code, reason } = event as CloseEvent
      return new this.#window.CloseEvent(type, { wasClean, code, reason })
    }
    return new this.#window.Event(type)
  }
}
