import { copyDefaults, copyOptions, type GivenOptions, isInit } from '../opening/options/init.ts'
import { readOptions, type WebSocketOptions } from '../opening/options.ts'
import { joinOptions } from '../opening/ws-options.ts'
import { WebSocket } from './websocket.ts'
import type { BinaryType, WebSocketConstructor } from './websocket-interface.ts'

/** The defaults of a class that `configured` makes: options, and the initial `binaryType` of its sockets. */
export interface ConfiguredDefaults extends WebSocketOptions {
  /** Default: "blob". */
  readonly binaryType?: BinaryType
}

/**
 * Makes a WebSocket class with other defaults, for libraries that take a class and call `new Class(url, protocols)`. Its
 * sockets are instances of `WebSocket`. An option that is given to its constructor replaces the default; of `headers`, each
 * field replaces the default field of that name.
 *
 * @throws TypeError that names an invalid option
 */
export function configured(defaults: ConfiguredDefaults): WebSocketConstructor {
  const options = copyDefaults(defaults)
  const { binaryType = 'blob' } = options as { binaryType?: BinaryType }
  delete options.binaryType
  if (binaryType !== 'blob' && binaryType !== 'arraybuffer') {
    throw new TypeError('The option "binaryType" is not "blob" or "arraybuffer"')
  }
  readOptions(options)
  const Base = WebSocket as unknown as new (url: unknown, options: GivenOptions) => WebSocket
  const Configured = class extends Base {
    constructor(url: unknown, protocols: unknown = undefined, wsOptions: unknown = undefined) {
      super(url, merge(options, protocols, wsOptions))
      this.binaryType = binaryType
    }
  }
  Object.defineProperty(Configured, 'name', { value: 'WebSocket' })
  return Configured as unknown as WebSocketConstructor
}

/**
 * The options of one socket.
 *
 * @param protocols the second argument of the constructor: subprotocols or options
 * @param wsOptions the third argument: options by the names of ws
 */
function merge(defaults: GivenOptions, protocols: unknown, wsOptions: unknown): GivenOptions {
  const given = joinOptions(protocols, wsOptions) ?? {}
  const merged = copyOptions(defaults)
  for (const [name, value] of Object.entries(given)) merged[name] = value === undefined ? defaults[name] : value
  if (!isInit(protocols)) merged.protocols = protocols
  if (defaults.headers === undefined || merged.headers === defaults.headers) return merged
  const own = readOptions({ headers: merged.headers }).headers
  const names = new Set(own.map(([name]) => name.toLowerCase()))
  const others = readOptions({ headers: defaults.headers }).headers.filter(([name]) => !names.has(name.toLowerCase()))
  return { ...merged, headers: [...others, ...own] }
}
