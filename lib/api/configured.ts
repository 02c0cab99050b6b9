import { readOptions, type WebSocketOptions } from '../opening/options.ts'
import { type BinaryType, isOptions, WebSocket, type WebSocketConstructor } from './websocket.ts'

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
  const { binaryType = 'blob', ...options } = defaults
  if (binaryType !== 'blob' && binaryType !== 'arraybuffer') {
    throw new TypeError('The option "binaryType" is not "blob" or "arraybuffer"')
  }
  readOptions(options)
  const Base = WebSocket as unknown as new (url: unknown, options: WebSocketOptions) => WebSocket
  const Configured = class extends Base {
    constructor(url: unknown, protocols: unknown = undefined) {
      super(url, merge(options, protocols))
      this.binaryType = binaryType
    }
  }
  Object.defineProperty(Configured, 'name', { value: 'WebSocket' })
  return Configured as unknown as WebSocketConstructor
}

/** The options of one socket. @param given the second argument of the constructor: subprotocols or options */
function merge(defaults: WebSocketOptions, given: unknown): WebSocketOptions {
  if (given === undefined) return defaults
  if (!isOptions(given)) return { ...defaults, protocols: given as string | Iterable<string> }
  const merged: WebSocketOptions = { ...defaults, ...given }
  if (defaults.headers === undefined || merged.headers === defaults.headers) return merged
  const own = readOptions({ headers: merged.headers }).headers
  const names = new Set(own.map(([name]) => name.toLowerCase()))
  const others = readOptions({ headers: defaults.headers }).headers.filter(([name]) => !names.has(name.toLowerCase()))
  return { ...merged, headers: [...others, ...own] }
}
