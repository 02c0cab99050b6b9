import type { RawPeer } from '../../spec-tests/support/raw-server.ts'

/** One exchange of a client with a raw server. Both sides keep a log, and the logs of two clients are compared. */
export interface Scenario {
  readonly name: string
  readonly server: ServerPart
  readonly client: SocketPart | StreamPart
  /** A time limit of the client has to pass, or nothing ever happens: left out of the short form. */
  readonly slow?: true
}

export interface ServerPart {
  /** The bytes of the response; by default a 101 that fits. Undefined: the server says nothing. */
  readonly respond?: (peer: RawPeer) => string | Uint8Array | undefined
  /** What the server does with the connection right behind the response. */
  readonly afterResponse?: 'end' | 'reset'
  readonly frames?: readonly Uint8Array[]
  /**
   * When the frames are sent, all in one piece: with the response (the default), or when the first message of the client has
   * come.
   */
  readonly pace?: 'with the response' | 'after a message'
  /** What follows the frames, by default a Close frame with 1000. */
  readonly ending?: 'close' | 'end' | 'reset' | 'nothing'
  /** What the server does about a Close frame of the client that answers none of its own, by default `echo`. */
  readonly onClose?: 'echo' | 'ignore' | 'end' | 'reset' | 'another code' | 'no code' | 'a message first' | 'keep open'
}

/** A value that a client passes. It crosses to a page, so it is data, and `make` in `client.ts` builds what it stands for. */
export type Argument =
  | string
  | number
  | boolean
  | undefined
  | readonly string[]
  | { readonly make: 'null' | 'object' | 'bytes' | 'view' | 'blob' | 'shared'; readonly text?: string }
  | { readonly close: { readonly closeCode?: number; readonly reason?: string } }

/** A method of the socket, and its arguments. */
export type SocketCall = readonly [method: 'send' | 'close' | 'look' | 'set binaryType', ...values: Argument[]]

/** When calls are made: behind the constructor, in a microtask behind it, or in the listener of the first event of a type. */
export type Moment = 'construction' | 'microtask' | 'open' | 'message' | 'error' | 'close'

export interface SocketPart {
  readonly class: 'WebSocket'
  /** What is put behind the URL of the server. */
  readonly path?: string
  readonly protocols?: Argument
  readonly binaryType?: 'blob' | 'arraybuffer'
  readonly calls?: Partial<Record<Moment, readonly SocketCall[]>>
}

/** A step of a stream client; its promise is awaited before the next step, unless "later" stands before it. */
export type StreamStep =
  | readonly [step: StreamStepName, ...values: Argument[]]
  | readonly ['later', step: StreamStepName, ...values: Argument[]]

export type StreamStepName =
  | 'opened'
  | 'closed'
  | 'read'
  | 'cancel'
  | 'write'
  | 'close writer'
  | 'abort writer'
  | 'close'
  | 'abort signal'
  | 'release'
  | 'writer closed'
  | 'reader closed'
  | 'desired size'

export interface StreamPart {
  readonly class: 'WebSocketStream'
  readonly path?: string
  readonly protocols?: Argument
  /** Passes a signal, which may be aborted already. */
  readonly signal?: 'aborted' | 'later'
  readonly steps: readonly StreamStep[]
}

/** A scenario to run, without what only the server needs. */
export interface Job {
  readonly name: string
  readonly url: string
  readonly client: SocketPart | StreamPart
}
