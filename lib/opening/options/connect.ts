import type { Connect, ConnectTarget, Opened } from '../../transport/connect.ts'
import { isNodeStream } from '../../transport/node-stream.ts'
import type { Duplex, Pipe, UpgradeHandler, UpgradeRequest } from '../../transport/pipe.ts'
import { invalid, type Readers, readFunction } from './reading.ts'

/** The transport. */
export interface Options {
  /**
   * The transport, instead of TCP and TLS of the host: a function that opens a byte pipe, a stream of Node.js or a pair of byte
   * streams, already encrypted for wss; or an open pipe, stream or pair of streams, for one socket only. Default: TCP, and TLS
   * for wss.
   */
  readonly connect?: Connect | Opened
  /**
   * Makes the opening handshake, where something else speaks HTTP: a function that sends the request, and reports the response to
   * the handler. It returns a function that cancels the exchange. Default: the library speaks HTTP itself.
   */
  readonly upgrade?: UpgradeOption
}

/** An `Upgrade` that is also given the target of the connection. */
export type UpgradeOption = (
  request: UpgradeRequest,
  handler: UpgradeHandler,
  target: ConnectTarget,
) => ((reason?: unknown) => void) | undefined

export interface Settings {
  /** Undefined: the host's transport. */
  readonly connect: Connect | undefined
  readonly upgrade: UpgradeOption | undefined
}

/** The kinds of transports, in words for error messages. */
export const TRANSPORTS = 'a Pipe, a duplex stream of Node.js, or an object with a readable and a writable stream'

export const readers: Readers<Settings> = { connect: readConnect, upgrade: readFunction<UpgradeOption> }

function readConnect(value: unknown, name: string): Connect | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'function') return value as Connect
  if (isPipe(value) || isNodeStream(value) || isDuplex(value)) return () => value
  return invalid(name, `a function, ${TRANSPORTS}`)
}

/** Whether `value` has the shape of a `Pipe`. */
export function isPipe(value: unknown): value is Pipe {
  return typeof value === 'object' && value !== null && 'start' in value
}

/** Whether `value` has the shape of a `Duplex`. */
export function isDuplex(value: unknown): value is Duplex {
  if (typeof value !== 'object' || value === null) return false
  const { readable, writable } = value as { readable?: { getReader?: unknown }; writable?: { getWriter?: unknown } }
  return typeof readable?.getReader === 'function' && typeof writable?.getWriter === 'function'
}
