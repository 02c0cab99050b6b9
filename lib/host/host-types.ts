/**
 * The host's classes as types. A class that the user's program declares has the type from there: lib.dom, or the types of
 * Node.js, Bun or Deno. For any other there is an interface with the members that matter here. So the declarations of this
 * package compile without lib.dom, and with it their types are those of lib.dom.
 */
type Host<Name extends string, Fallback> = typeof globalThis extends { [Key in Name]: { prototype: infer Instance } }
  ? Instance
  : Fallback

export type Event = Host<'Event', EventLike>
export type EventTarget = Host<'EventTarget', EventTargetLike>
export type Blob = Host<'Blob', BlobLike>
export type AbortSignal = Host<'AbortSignal', AbortSignalLike>
export type URL = Host<'URL', URLLike>
export type DOMException = Host<'DOMException', DOMExceptionLike>

// `Host` infers streams of unknown chunks. In an intersection the members of the first type win: those that know the chunks.
/** @hidden */
export type ReadableStream<Chunk> = ReadableStreamLike<Chunk> & Host<'ReadableStream', unknown>
/** @hidden */
export type WritableStream<Chunk> = WritableStreamLike<Chunk> & Host<'WritableStream', unknown>

/** The type of `readyState` in the program's own WebSocket: `number` in older versions of lib.dom, literals in newer ones. */
export type ReadyState = typeof globalThis extends { WebSocket: { prototype: { readyState: infer State } } }
  ? State
  : 0 | 1 | 2 | 3

/** The type of the constants of `WebSocket` likewise: `number` with the types of Node.js, the literal with lib.dom. */
export type HostConstant<Value extends number> = typeof globalThis extends { WebSocket: { CONNECTING: infer Constant } }
  ? number extends Constant
    ? number
    : Value
  : Value

/** @hidden */
export interface EventLike {
  readonly type: string
  readonly target: unknown
  readonly currentTarget: unknown
  readonly defaultPrevented: boolean
  readonly timeStamp: number
  preventDefault(): void
  stopPropagation(): void
  stopImmediatePropagation(): void
}

/** @hidden */
export type EventListenerLike = ((event: any) => void) | { handleEvent(event: any): void } | null

/** @hidden */
export interface EventTargetLike {
  addEventListener(type: string, listener: EventListenerLike, options?: any): void
  removeEventListener(type: string, listener: EventListenerLike, options?: any): void
  dispatchEvent(event: any): boolean
}

/** @hidden */
export interface BlobLike {
  readonly size: number
  readonly type: string
  arrayBuffer(): Promise<ArrayBuffer>
}

/** @hidden */
export interface AbortSignalLike {
  readonly aborted: boolean
  readonly reason: any
  addEventListener(type: 'abort', listener: () => void, options?: any): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/** @hidden */
export interface DOMExceptionLike extends Error {
  readonly code: number
}

/** @hidden */
export interface ReadableStreamLike<Chunk> extends AsyncIterable<Chunk> {
  readonly locked: boolean
  cancel(reason?: any): Promise<void>
  getReader(): ReadableStreamReaderLike<Chunk>
}

/** @hidden */
export interface ReadableStreamReaderLike<Chunk> {
  readonly closed: Promise<any>
  cancel(reason?: any): Promise<void>
  read(): Promise<{ done: false; value: Chunk } | { done: true; value: undefined }>
  releaseLock(): void
}

/** @hidden */
export interface WritableStreamLike<Chunk> {
  readonly locked: boolean
  abort(reason?: any): Promise<void>
  close(): Promise<void>
  getWriter(): WritableStreamWriterLike<Chunk>
}

/** @hidden */
export interface WritableStreamWriterLike<Chunk> {
  readonly closed: Promise<any>
  readonly desiredSize: number | null
  readonly ready: Promise<any>
  abort(reason?: any): Promise<void>
  close(): Promise<void>
  releaseLock(): void
  write(chunk: Chunk): Promise<void>
}

/** A URL object of any class. @hidden */
export interface HasHref {
  /** The URL as a string. */
  readonly href: string
}

/** @hidden */
export interface URLLike extends HasHref {
  readonly protocol: string
  readonly username: string
  readonly password: string
  readonly host: string
  readonly hostname: string
  readonly port: string
  readonly pathname: string
  readonly search: string
}
