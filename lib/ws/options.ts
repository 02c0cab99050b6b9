import type { Buffer } from 'node:buffer'
import type { ClientRequest, RequestOptions as HttpOptions } from 'node:http'
import type { RequestOptions as HttpsOptions } from 'node:https'
import { LONGEST_DELAY } from '../host/timers.ts'
import { ownMembers } from '../opening/options/reading.ts'
import { readOptions, type Settings } from '../opening/options.ts'
import type { WsPerMessageDeflateOptions } from '../opening/ws-options.ts'
import { joinOptions } from '../opening/ws-options.ts'

/** The options of ws's client. All others of `http.request`, `net.connect` and `tls.connect` are passed to those. */
export interface ClientOptions extends Omit<HttpsOptions, 'protocol' | 'timeout' | 'checkServerIdentity' | 'agent'> {
  /** An agent of Node.js, or of a package such as `https-proxy-agent`, that opens the connection. Default: none. */
  readonly agent?: HttpOptions['agent'] | object | undefined
  /** No effect: each event is a task of its own. */
  readonly allowSynchronousEvents?: boolean | undefined
  /** Whether pings are answered. Default: true. */
  readonly autoPong?: boolean | undefined
  /** As for `tls.connect`: returns an Error if the certificate is not for this name. Default: that of Node.js. */
  readonly checkServerIdentity?: ((servername: string, certificate: any) => any) | undefined
  /** Milliseconds for the closing handshake. Default: 30,000. */
  readonly closeTimeout?: number | undefined
  /** Changes the request before it is sent, and calls `request.end()`. Default: the request is sent as it is. */
  readonly finishRequest?: ((request: ClientRequest, socket: any) => void) | undefined
  /** Whether redirects are followed. Default: false. */
  readonly followRedirects?: boolean | undefined
  /** No effect: masking keys come from the generator of the system. */
  readonly generateMask?: ((mask: Buffer) => void) | undefined
  /** Milliseconds for the opening handshake, anew after each redirect. Default: no limit. */
  readonly handshakeTimeout?: number | undefined
  /** No effect: the backlog is bounded by its bytes. */
  readonly maxBufferedChunks?: number | undefined
  /** The largest number of frames in a message; 0 for no limit. Default: 16,384. */
  readonly maxFragments?: number | undefined
  /** The largest message to receive, in bytes; 0 for no limit. Default: 104,857,600 (100 MiB). */
  readonly maxPayload?: number | undefined
  /** No effect: while the server does not read, only the newest ping is answered. */
  readonly maxPendingAutoPongs?: number | undefined
  /** The largest number of redirects that are followed. Default: 10. */
  readonly maxRedirects?: number | undefined
  /** The value of the Origin field. Default: no field. */
  readonly origin?: string | undefined
  /** Whether and how to compress. Default: true. */
  readonly perMessageDeflate?: boolean | WsPerMessageDeflateOptions | undefined
  /** No effect: the scheme of the URL counts. */
  readonly protocol?: string | null | undefined
  /** Subprotocols, where the second argument has none. Default: none. */
  readonly protocols?: string | readonly string[] | undefined
  /** The value of the Sec-WebSocket-Version field: 13, or 8. Default: 13. */
  readonly protocolVersion?: number | undefined
  /** No effect: text is always checked. */
  readonly skipUTF8Validation?: boolean | undefined
}

/** The defaults of ws where they are not those of this package. */
const DEFAULTS = { maxPayload: 100 * 1024 * 1024, maxFragments: 16 * 1024, closeTimeout: 30_000 }
const VERSIONS: readonly unknown[] = [8, 13]

/**
 * The settings of the engine for options of ws.
 *
 * @throws TypeError that names an invalid option; RangeError for a version of the protocol that there is not
 */
export function readClientOptions(options: ClientOptions): Settings {
  const { protocolVersion = 13, handshakeTimeout, maxPayload, maxFragments, closeTimeout, perMessageDeflate } = options
  if (!VERSIONS.includes(protocolVersion)) {
    throw new RangeError(`The option "protocolVersion" must be 8 or 13, not ${protocolVersion}`)
  }
  if (handshakeTimeout && typeof handshakeTimeout !== 'number') {
    throw new TypeError('The option "handshakeTimeout" must be a number of milliseconds')
  }
  if (handshakeTimeout && !(handshakeTimeout > 0 && handshakeTimeout < Infinity)) {
    throw new RangeError(`The option "handshakeTimeout" must be 0 or more milliseconds, not ${handshakeTimeout}`)
  }
  return readOptions({
    maxPayload: limitOf(maxPayload, DEFAULTS.maxPayload),
    maxFragments: limitOf(maxFragments, DEFAULTS.maxFragments),
    // For this package 0 is no limit, for ws no time at all.
    closeTimeout: Math.min(limitOf(closeTimeout, DEFAULTS.closeTimeout, LONGEST_DELAY) || 1, LONGEST_DELAY),
    ...joinOptions(undefined, { perMessageDeflate: readDeflate(perMessageDeflate) }),
  })
}

/**
 * A limit as ws reads it: any value is converted to an integer, and what is negative, no number or `Infinity` is no limit.
 *
 * @param infinite what `Infinity` stands for. Default: 0, which is no limit
 */
function limitOf(value: unknown, fallback: number, infinite = 0): number {
  const number = Math.trunc(Number(value ?? fallback)) || 0
  if (number > Number.MAX_SAFE_INTEGER) return infinite
  return Math.max(number, 0)
}

/** Converts the option `perMessageDeflate` of ws. Members that ws ignores, or passes to its zlib streams alone, are left out. */
function readDeflate(value: unknown): unknown {
  if (value === undefined) return true
  if (typeof value !== 'object' || value === null) return Boolean(value)
  const given = ownMembers(value as WsPerMessageDeflateOptions)
  const { serverNoContextTakeover, clientNoContextTakeover, serverMaxWindowBits, clientMaxWindowBits, threshold } =
    given
  const { level, memLevel } = ownMembers(given.zlibDeflateOptions ?? {})
  return {
    serverNoContextTakeover: Boolean(serverNoContextTakeover),
    clientNoContextTakeover: Boolean(clientNoContextTakeover),
    serverMaxWindowBits,
    clientMaxWindowBits,
    threshold,
    zlibDeflateOptions: { level, memLevel },
  }
}
