import type { URL } from '../host/host-types.ts'
import { ConnectionError } from '../protocol/errors.ts'
import type { upgradeByAgent } from '../transport/agent.ts'
import type { connectHttp2 } from '../transport/http2.ts'
import type { ProxySettings } from './options/proxy.ts'
import type { Route } from './way.ts'

/** Ways to a server besides the transport of the host and the options `connect` and `upgrade`, by the options that ask for them. */
export interface Ways {
  /** Serves the option `agent`. */
  readonly agent?: typeof upgradeByAgent
  /** Serves the option `dispatcher`. */
  readonly dispatcher?: Route
  /** Serves the option `http2`. */
  readonly http2?: typeof connectHttp2
  /** Serves the option `proxy`. Undefined for a URL that needs none. */
  readonly proxy?: (proxy: ProxySettings | 'env', url: URL) => Route | undefined
}

/**
 * The ways of this process, which all sockets share. An entry adds those of its runtime while it is loaded; a program that loads
 * the entry `core` adds those that it uses, so that a bundle has no others.
 */
const ways: { -readonly [Name in keyof Ways]: Ways[Name] } = Object.create(null)

/** Adds ways, for all sockets that are opened from now on. */
export function use(...added: readonly Ways[]): void {
  Object.assign(ways, ...added)
}

/** Returns the way that serves an option; undefined if `use` was not called with it. */
export function findWay<Name extends keyof Ways>(name: Name): Ways[Name] {
  return ways[name]
}

/** @throws TypeError, or for HTTP/2 a ConnectionError, if nobody has added the way */
export function getWay<Name extends keyof Ways>(name: Name): NonNullable<Ways[Name]> {
  return ways[name] ?? missing(name)
}

function missing(name: string): never {
  const message = `Nothing serves the option "${name}": this host cannot, or whatwg-websocket/core needs use(${name})`
  throw name === 'http2' ? new ConnectionError('WS_ERR_HTTP2', message) : new TypeError(message)
}
