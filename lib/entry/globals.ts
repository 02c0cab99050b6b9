/**
 * Types of the globals that `whatwg-websocket/polyfill` and `install` define, for programs whose other types lack them. To be
 * imported for that alone: `import 'whatwg-websocket/globals'`. Where lib.dom or the types of Deno, Bun or Node.js declare a
 * global, it keeps their type.
 */

import type * as ours from './exports.ts'

declare global {
  /** A connection, as of the WebSockets Standard. */
  interface WebSocket extends Instance<'WebSocket', ours.WebSocket> {}
  /** The class of connections. */
  var WebSocket: Class<'WebSocket', WebSocketClass>

  /** A close event: code, reason and `wasClean` of a connection that has ended. */
  interface CloseEvent extends Instance<'CloseEvent', ours.CloseEvent> {}
  /** The class of close events. */
  var CloseEvent: Class<'CloseEvent', typeof ours.CloseEvent>

  // No interface: some hosts have one with a type parameter, some without, and TypeScript refuses to merge them.
  /** The class of message events. */
  var MessageEvent: Class<'MessageEvent', typeof ours.MessageEvent>

  /** A connection whose messages are two streams. */
  interface WebSocketStream extends NewInstance<ours.WebSocketStream> {}
  /** The class of connections whose messages are two streams. */
  var WebSocketStream: NewClass<'WebSocketStream', typeof ours.WebSocketStream>

  /** Why a WebSocketStream was closed: a code and a reason. */
  interface WebSocketError extends NewInstance<ours.WebSocketError> {}
  /** The class of errors that a WebSocketStream is closed with. */
  var WebSocketError: NewClass<'WebSocketError', typeof ours.WebSocketError>
}

/*
 * A global cannot be asked whether its host declares it, since the declarations here make it exist. So hosts are told by other
 * globals. Each alias looks at one host only, because to look at the type of a global within its own declaration is an error.
 */
type InDeno = typeof globalThis extends { Deno: any } ? true : false
type InBun = typeof globalThis extends { Bun: any } ? true : false
type InDom = typeof globalThis extends { onmessage: any } ? true : false
/** The types of Node.js 20. They declare WebSocket beside EventSource, and have no name for its type but that of undici. */
type InNode20 = typeof globalThis extends { EventSource: any } ? true : false

/** The global's type where the host declares it before this file: in a library of TypeScript, or in a file that is no module. */
type Declared<Name extends string> = typeof globalThis extends { [Key in Name]: infer Value } ? Value : never

/** The type of the export of `node:http` by that name: with the types of Node.js 22 and later, it is the type of the global. */
type InHttp<Name extends string> = 0 extends 1 & Http
  ? never
  : Http extends { [Key in Name]: infer Value }
    ? Value
    : never
// biome-ignore lint/suspicious/noTsIgnore: an error in some programs only
/** @ts-ignore: `any` without the types of Node.js */
type Http = typeof import('node:http')

// biome-ignore lint/suspicious/noTsIgnore: an error in some programs only
/** @ts-ignore: `any` without the package that the types of Node.js require */
type UndiciWebSocket = typeof import('undici-types').WebSocket

type Class<Name extends string, Ours> = InDeno extends true
  ? Declared<Name>
  : InBun extends true
    ? Declared<Name>
    : InDom extends true
      ? Declared<Name>
      : [InHttp<Name>] extends [never]
        ? ClassInNode20<Name, Ours>
        : InHttp<Name>

type ClassInNode20<Name extends string, Ours> = InNode20 extends true
  ? Name extends 'WebSocket'
    ? UndiciWebSocket
    : Name extends 'MessageEvent'
      ? UndiciMessageEvent
      : Ours
  : Ours
// biome-ignore lint/suspicious/noTsIgnore: an error in some programs only
/** @ts-ignore: as above */
type UndiciMessageEvent = typeof import('undici-types').MessageEvent

type Instance<Name extends string, Ours> = InDeno extends true
  ? Nothing
  : InBun extends true
    ? Nothing
    : InDom extends true
      ? Nothing
      : [InHttp<Name>] extends [never]
        ? InNode20 extends true
          ? Name extends 'WebSocket'
            ? Nothing
            : Ours
          : Ours
        : InHttp<Name> extends { prototype: infer Value }
          ? Value
          : Nothing

type Nothing = Record<never, never>

/** Globals that Deno alone declares. */
type NewClass<Name extends string, Ours> = InDeno extends true ? Declared<Name> : Ours
type NewInstance<Ours> = InDeno extends true ? Nothing : Ours

/** Our class with its constants spelled out: those of `ours.WebSocket` have the types that the global class has, which is this one. */
interface WebSocketClass {
  new (...args: ConstructorParameters<typeof ours.WebSocket>): WebSocket
  readonly prototype: Omit<ours.WebSocket, 'readyState'> & { readonly readyState: 0 | 1 | 2 | 3 }
  readonly CONNECTING: 0
  readonly OPEN: 1
  readonly CLOSING: 2
  readonly CLOSED: 3
}
