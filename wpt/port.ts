/**
 * The contract between the ported web-platform-tests (`wpt/ports/*.ts`, joined by `wpt/all-ports.ts`) and what runs them.
 *
 * A runner, for each `Port`, each variant and each scope that the port names:
 * - gives every subtest a fresh `Context` and runs the subtests of a port one after another, never two at once in a realm:
 *   some change a prototype of the implementation and restore it before they settle;
 * - takes a thrown value or a rejection as the failure, and gives up after at least 10 seconds, or 60 for `timeout: 'long'`;
 * - has the implementation resolve relative URLs against `location` and send the origin of `location` as its Origin;
 * - sees to it that `host` of the test server is a DNS name with letters in it, that it and every name below it lead to the
 *   server (as the hosts file of upstream does), that a certificate covers the names, and that names below `.invalid` fail.
 *
 * Ports use only what every host has: the language, timers, `fetch`, `URL`, `Event`, `Blob`, the streams. Where a host
 * lacks one of these (`Float16Array` on Node.js 20), the subtest fails and says so.
 */
export interface Port {
  /** The file of web-platform-tests, as a path below `websockets/`. */
  readonly upstream: string
  readonly variants: readonly Variant[]
  readonly scopes: readonly Scope[]
  readonly timeout?: 'long'
  /** The subtests take `Context.cookies`. */
  readonly takesCookies?: true
  /** Title to test; a title is unique within its port. */
  readonly subtests: Readonly<Record<string, Subtest>>
}

/** `ws`: plain text; `wss`: over TLS; `h2`: over TLS and HTTP/2 (RFC 8441). Upstream: `?default`, `?wss`, `?wpt_flags=h2`. */
export type Variant = 'ws' | 'wss' | 'h2'

/** `window`: the main thread; `worker`: a worker thread that has the implementation loaded. */
export type Scope = 'window' | 'worker'

export type Subtest = (t: Context) => void | Promise<void>

/** The argument of a subtest. */
export interface Context extends Implementation {
  readonly variant: Variant
  readonly scope: Scope
  /**
   * A ws: or wss: URL of the test server of this variant. `path` starts with a slash, or is empty for a URL without a path.
   * Runners build it with `urlOf`.
   */
  url(path: string, parts?: UrlParts): string
  /** `http://host:port` (or `https:`) of the test server for plain HTTP requests, without a slash at its end. */
  readonly httpBase: string
  /** An absolute http: or https: URL in place of that of a document: the base of relative URLs. Its origin is sent as Origin. */
  readonly location: string
  /** The cookies that a page and its sockets share; new for each subtest of a port that takes them. */
  readonly cookies?: Cookies
}

/** The cookies of the page. It has the host of the test server, and the scheme http, or https unless the variant is `ws`. */
export interface Cookies {
  /** What `document.cookie` reads: not what is HttpOnly. `subdomain` is for a page of that host below the page's. */
  ofDocument(subdomain?: string): string
  /** Sets `document.cookie`. A script cannot set what is HttpOnly. */
  setInDocument(cookie: string): Promise<void>
  /** Loads a resource whose response sets the cookie, as a frame of the page does. */
  load(cookie: string): Promise<void>
}

/** The classes under test, as the global scope of a browser has them. One that is missing fails the subtests that need it. */
export interface Implementation {
  readonly WebSocket: WebSocketClass | undefined
  readonly CloseEvent: CloseEventClass | undefined
  readonly MessageEvent: MessageEventClass | undefined
  readonly WebSocketStream: WebSocketStreamClass | undefined
  readonly WebSocketError: WebSocketErrorClass | undefined
}

export interface UrlParts {
  /** `user:password`, put before the host with an `@`. */
  readonly credentials?: string
  /** A name, maybe not ASCII, put before the host with a dot. */
  readonly subdomain?: string
  /** Replaces the port of the server. */
  readonly port?: number
}

/** Builds the result of `Context.url` from `base`, the server's `scheme://host:port`. Does not encode non-ASCII characters. */
export function urlOf(base: string, path: string, parts: UrlParts = {}): string {
  const [, scheme, host, port] = /^(\w+):\/\/(.+):(\d+)$/.exec(base) ?? []
  if (scheme === undefined) throw new TypeError(`not scheme://host:port: ${base}`)
  const credentials = parts.credentials === undefined ? '' : `${parts.credentials}@`
  const subdomain = parts.subdomain === undefined ? '' : `${parts.subdomain}.`
  return `${scheme}://${credentials}${subdomain}${host}:${parts.port ?? port}${path}`
}

/**
 * HTTP resources that ports ask of the test server besides the handlers of upstream (paths as upstream has them):
 * - `redirect`: answers 301 with `Location: /echo`;
 * - `stashPut?key=K&value=V`: keeps V under K, for a plain GET and for one that asks for an upgrade alike;
 * - `setCookie?C`: answers 200 and sets the cookie C;
 * - `stashTake?key=K`: answers 200 with the JSON of what is kept under K (`null` for nothing) and forgets it.
 * Every path without a handler is refused with 404, `/` among them.
 */
export const resources = {
  redirect: '/websockets/opening-handshake/resources/redirect_response.py',
  stashPut: '/fetch/api/resources/stash-put.py',
  setCookie: '/websockets/cookies/support/set-cookie.py',
  stashTake: '/fetch/api/resources/stash-take.py',
} as const

export type EventHandler = ((event: Event) => unknown) | null

export interface WebSocketClass {
  new (url: string | URL, protocols?: string | string[]): Socket
  readonly prototype: Socket
  readonly CONNECTING: 0
  readonly OPEN: 1
  readonly CLOSING: 2
  readonly CLOSED: 3
}

export interface Socket extends EventTarget {
  readonly CONNECTING: 0
  readonly OPEN: 1
  readonly CLOSING: 2
  readonly CLOSED: 3
  readonly url: string
  readonly readyState: number
  readonly bufferedAmount: number
  readonly extensions: string
  readonly protocol: string
  binaryType: 'blob' | 'arraybuffer'
  onopen: EventHandler
  onmessage: EventHandler
  onerror: EventHandler
  onclose: EventHandler
  send(data: string | ArrayBuffer | ArrayBufferView | Blob): void
  close(code?: number, reason?: string): void
}

export interface CloseEventClass {
  new (type: string, init?: object): ClosingEvent
  readonly prototype: ClosingEvent
}

export interface ClosingEvent extends Event {
  readonly wasClean: boolean
  readonly code: number
  readonly reason: string
}

export interface MessageEventClass {
  new (type: string, init?: object): DataEvent
  readonly prototype: DataEvent
}

export interface DataEvent extends Event {
  readonly data: unknown
  readonly origin: string
}

export interface WebSocketStreamClass {
  new (url: string | URL, options?: { protocols?: string[]; signal?: AbortSignal }): SocketStream
  readonly prototype: SocketStream
}

export interface SocketStream {
  readonly url: string
  readonly opened: Promise<OpenInfo>
  readonly closed: Promise<CloseInfo>
  close(info?: CloseInfo): void
}

export interface OpenInfo {
  readonly readable: ReadableStream<string | Uint8Array>
  readonly writable: WritableStream<string | ArrayBuffer | ArrayBufferView>
  readonly extensions: string
  readonly protocol: string
}

export interface CloseInfo {
  readonly closeCode?: number
  readonly reason?: string
}

export interface WebSocketErrorClass {
  new (message?: string, init?: CloseInfo): SocketError
  readonly prototype: SocketError
}

export interface SocketError extends DOMException {
  readonly closeCode: number | null
  readonly reason: string
}
