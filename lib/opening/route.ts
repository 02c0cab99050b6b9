import { ConnectionError } from '../protocol/errors.ts'
import type { Settings } from './options.ts'
import { byAgent, byDispatcher } from './routes/by-client.ts'
import { byConnect } from './routes/by-connect.ts'
import { byUpgrade } from './routes/by-upgrade.ts'
import { direct } from './routes/direct.ts'
import { overHttp2 } from './routes/over-http2.ts'
import { proxyFor, throughProxy } from './routes/through-proxy.ts'
import type { Route } from './way.ts'

/**
 * The route that the options of a socket ask for.
 *
 * @throws ConnectionError for a proxy of the environment that is none, or that stands in the way of HTTP/2
 */
export function chooseRoute(settings: Settings, url: URL): Route {
  // The server is behind a unix socket, whatever the process uses for other servers.
  const own = settings.http2 === false ? direct : overHttp2
  if (settings.socketPath !== undefined) return own
  if (settings.upgrade !== undefined) return byUpgrade
  if (settings.connect !== undefined) return byConnect
  if (settings.agent !== undefined) return byAgent
  if (settings.dispatcher !== undefined) return byDispatcher
  const proxy = proxyFor(settings, url)
  if (proxy === undefined) return own
  if (settings.http2 !== 'only') return throughProxy(proxy)
  throw new ConnectionError('WS_ERR_HTTP2', 'HTTP/1.1 is spoken through a proxy, which the environment names')
}
