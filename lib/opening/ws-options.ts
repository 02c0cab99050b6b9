import { TLS_MEMBERS, type TlsOptions } from '../transport/tls-options.ts'
import type { PerMessageDeflateOptions } from './options/deflate.ts'
import { asksForNothing } from './options/foreign-names.ts'
import type { HeadersInput } from './options/headers.ts'
import { copyOptions, type GivenOptions, isInit } from './options/init.ts'
import { invalid, refuseUnknown } from './options/reading.ts'
import type { WebSocketOptions } from './options.ts'

/**
 * The third argument of the constructor: options by the names of ws, which many libraries pass, React Native's among them. An
 * option of this package may be given there as well. What ws has and this package has not is a TypeError, unless its value asks
 * for what happens anyway.
 */
export interface WsOptions
  extends Omit<WebSocketOptions, 'protocols' | 'targetAddressSpace' | 'headers' | 'perMessageDeflate'>,
    TlsOptions {
  /**
   * Fields of the request; a number is written as text, null and undefined leave a field out. Default: those of
   * `WebSocketOptions`.
   */
  readonly headers?: HeadersInput | Readonly<Record<string, string | number | readonly string[] | null | undefined>>
  /** Compression (RFC 7692). Default: true. */
  readonly perMessageDeflate?: boolean | WsPerMessageDeflateOptions
  /** Has no effect: each event is a task of its own. */
  readonly allowSynchronousEvents?: boolean
  /** True alone: pings are always answered. Default: true. */
  readonly autoPong?: boolean
  /** False alone: the standard forbids redirects. Default: false. */
  readonly followRedirects?: boolean
  /** Has no effect, since there are no redirects. */
  readonly maxRedirects?: number
  /** The version of the protocol, 13 alone. Default: 13. */
  readonly protocolVersion?: number
  /** False alone: text is always checked. Default: false. */
  readonly skipUTF8Validation?: boolean
}

/** `perMessageDeflate` by the names of ws. */
export interface WsPerMessageDeflateOptions extends PerMessageDeflateOptions {
  /** Settings of zlib for what is sent. Default: none. */
  readonly zlibDeflateOptions?: {
    /** As `level` of `perMessageDeflate`. Default: 1. */
    readonly level?: number
    /** As `memLevel` of `perMessageDeflate`. Default: 8. */
    readonly memLevel?: number
    /** Has no effect. */
    readonly chunkSize?: number
  }
  /** Settings of zlib for what is received. Default: none. */
  readonly zlibInflateOptions?: {
    /** Has no effect. */
    readonly chunkSize?: number
  }
  /** Has no effect: compression is synchronous. */
  readonly concurrencyLimit?: number
}

/**
 * The options in the second and in the third argument of the constructor together; undefined if there are none.
 *
 * @param second subprotocols, or options
 * @param third options by the names of ws; anything that is no object is ignored, as the standard ignores a third argument
 * @throws TypeError that names an option that both have, or that is not supported
 */
export function joinOptions(second: unknown, third: unknown): GivenOptions | undefined {
  const own = isInit(second) && second !== undefined && second !== null ? copyOptions(second) : undefined
  if (typeof third !== 'object' || third === null) return own
  const options = fromWsOptions(third)
  for (const [name, value] of Object.entries(own ?? {})) {
    if (options[name] === undefined) options[name] = value
    else if (value !== undefined) {
      throw new TypeError(`The WebSocket option "${name}" is given twice, in the second and in the third argument`)
    }
  }
  return options
}

/** Translates options by the names of ws. Options with other names are left as they are. */
function fromWsOptions(given: object): GivenOptions {
  const options = copyOptions(undefined)
  const tls = copyOptions(undefined)
  for (const [name, value] of Object.entries(given)) {
    if (name === 'protocols' && value !== undefined) {
      throw new TypeError('The WebSocket option "protocols" is not one of the third argument: give it in the second')
    }
    if (Object.hasOwn(TLS_MEMBERS, name)) tls[name] = value ?? undefined
    else if (name === 'perMessageDeflate' && value !== undefined) options[name] = fromWsDeflate(value, name)
    else if (name === 'origin' && !value) options[name] = undefined
    else if (!asksForNothing(name, value)) options[name] = value ?? undefined
  }
  if (Object.values(tls).some(value => value !== undefined)) {
    if (options.tls !== undefined) {
      throw new TypeError('The WebSocket option "tls" is given twice, as a whole and by its members')
    }
    options.tls = tls
  }
  return options
}

function fromWsDeflate(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return Boolean(value)
  const { zlibDeflateOptions, zlibInflateOptions, concurrencyLimit: _, ...members } = copyOptions(value, [])
  const { level, memLevel } = readZlib(zlibDeflateOptions, `${name}.zlibDeflateOptions`, { level: 0, memLevel: 0 })
  readZlib(zlibInflateOptions, `${name}.zlibInflateOptions`, {})
  const options: GivenOptions = { level: level === ZLIB_DEFAULT_LEVEL ? 6 : level, memLevel, ...members }
  // For ws each of these asks for no limit.
  if (!options.serverMaxWindowBits) delete options.serverMaxWindowBits
  return Object.fromEntries(Object.entries(options).filter(([, member]) => member !== undefined && member !== null))
}

/** `Z_DEFAULT_COMPRESSION` of zlib, which means 6. */
const ZLIB_DEFAULT_LEVEL = -1

/**
 * Options of zlib. Those about the size of its buffers are taken and have no effect, nor has `windowBits`, which ws sets
 * itself.
 */
function readZlib(value: unknown, name: string, members: object): GivenOptions {
  if (value === undefined || value === null) return copyOptions(undefined, [])
  if (typeof value !== 'object') return invalid(name, 'an object')
  refuseUnknown(value, { ...members, chunkSize: 0, windowBits: 0 }, `${name}.`)
  return copyOptions(value, [])
}
