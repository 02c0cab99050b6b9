import type { Buffer } from 'node:buffer'
import type { EventEmitter } from 'node:events'
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { RawData } from './events.ts'

/** The values that the listeners of each event of the emitter are called with. */
export interface EmittedEvents {
  /** The connection is open. */
  open: []
  /** A message, as `binaryType` has it; of a text message the UTF-8 bytes, with `isBinary` false. */
  message: [data: RawData, isBinary: boolean]
  /** The connection is closed: the code of the Close frame, 1005 if it had none, 1006 if there was none; and its reason. */
  close: [code: number, reason: Buffer]
  /** The connection failed. "close" follows. */
  error: [error: Error]
  /** A ping of the server, with its payload of at most 125 bytes. */
  ping: [data: Buffer]
  /** A pong of the server, with its payload of at most 125 bytes. */
  pong: [data: Buffer]
  /** The server's answer to the opening handshake, with status 101, before "open". */
  upgrade: [response: IncomingMessage]
  /** The server redirects to `url`, and `request` is about to be sent there. With `followRedirects` alone. */
  redirect: [url: string, request: ClientRequest]
  /** The server's answer has a status that is not 101. With a listener, the response is the listener's to read, and to end. */
  'unexpected-response': [request: ClientRequest, response: IncomingMessage]
}

/** An EventEmitter whose events have types. */
export interface Emitter extends EventEmitter {
  on<Name extends keyof EmittedEvents>(
    event: Name,
    listener: (this: this, ...values: EmittedEvents[Name]) => void,
  ): this
  on(event: string | symbol, listener: (this: this, ...values: any[]) => void): this
  once<Name extends keyof EmittedEvents>(
    event: Name,
    listener: (this: this, ...values: EmittedEvents[Name]) => void,
  ): this
  once(event: string | symbol, listener: (this: this, ...values: any[]) => void): this
  off<Name extends keyof EmittedEvents>(event: Name, listener: (...values: EmittedEvents[Name]) => void): this
  off(event: string | symbol, listener: (...values: any[]) => void): this
  addListener<Name extends keyof EmittedEvents>(
    event: Name,
    listener: (this: this, ...values: EmittedEvents[Name]) => void,
  ): this
  addListener(event: string | symbol, listener: (this: this, ...values: any[]) => void): this
  removeListener<Name extends keyof EmittedEvents>(
    event: Name,
    listener: (...values: EmittedEvents[Name]) => void,
  ): this
  removeListener(event: string | symbol, listener: (...values: any[]) => void): this
}
