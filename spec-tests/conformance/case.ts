import type { WebSocket, WebSocketOptions } from '#lib/entry/node.js'
import type { DeflateParameters } from '../support/server-deflate.ts'
import type { ClientFrame } from './peer.ts'

/*
 * What a case of the suite is: a script of steps, taken one after the other by the server, and how the connection must
 * end for the client's user. A client that does anything else in between, or a byte more or less, has failed the case.
 */

export interface ConformanceCase {
  /** What is done, in a line. */
  readonly title: string
  /** What asks for it, such as `RFC 6455 section 5.4`. */
  readonly section: string
  /** The client's options. Default: none, but no extension is offered unless `deflate` is there. */
  readonly options?: WebSocketOptions
  /** The server agrees to permessage-deflate with these parameters. */
  readonly deflate?: DeflateParameters
  readonly outcome: Outcome
  /** Made anew for each run; what a step yields back is the frame that it has read. */
  script(): Script
}

export interface CaseGroup {
  readonly name: string
  readonly cases: readonly ConformanceCase[]
}

/** The events that end the client's socket. */
export interface Outcome {
  readonly code: number
  readonly reason: string
  readonly wasClean: boolean
  /** The status code with which the client fails the connection. */
  readonly failsWith?: number
}

export type Script = Generator<Step, void, ClientFrame>

export type Step =
  | SendStep
  | CompressedStep
  | { readonly kind: 'send together'; readonly steps: readonly (SendStep | CompressedStep)[] }
  | FrameStep
  | AnswersStep
  | { readonly kind: 'delivered'; readonly message: Message }
  | { readonly kind: 'silent' }
  | { readonly kind: 'client ends' }
  | { readonly kind: 'end' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'dropped' }
  | { readonly kind: 'act'; readonly act: (socket: WebSocket) => void }

export interface SendStep {
  readonly kind: 'send'
  readonly bytes: Uint8Array
  /** The client gets so many bytes at a time. Default: all at once. */
  readonly chop: number
}

export interface CompressedStep {
  readonly kind: 'send compressed'
  readonly message: Message
  /** So many bytes of compressed payload in a frame; Infinity for one frame. */
  readonly fragment: number
  readonly chop: number
}

export interface FrameStep {
  readonly kind: 'frame'
  readonly opcode: number
  readonly payload: Uint8Array
  /** It is a message that came compressed. */
  readonly compressed: boolean
  /** The client's user has been given the same message. */
  readonly echo: boolean
}

/** The client sends pongs, and echoes, each kind in its order. */
export interface AnswersStep {
  readonly kind: 'answers'
  readonly pongs: readonly FrameStep[]
  readonly echoes: readonly FrameStep[]
}

export interface Message {
  readonly opcode: number
  readonly payload: Uint8Array
}
