import type { Buffer } from 'node:buffer'
import type { EventEmitter } from 'node:events'
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { RawData } from './events.ts'

/** The values that the listeners of each event of the emitter are called with. */
export interface EmittedEvents {
  open: []
  message: [data: RawData, isBinary: boolean]
  close: [code: number, reason: Buffer]
  error: [error: Error]
  ping: [data: Buffer]
  pong: [data: Buffer]
  upgrade: [response: IncomingMessage]
  redirect: [url: string, request: ClientRequest]
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
