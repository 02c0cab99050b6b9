import type { Settings } from './options.ts'
import { byAgent, byDispatcher } from './routes/by-client.ts'
import { byConnect, http2ByConnect } from './routes/by-connect.ts'
import { byUpgrade } from './routes/by-upgrade.ts'
import { direct } from './routes/direct.ts'
import { proxyFor, throughProxy } from './routes/through-proxy.ts'
import type { Route } from './way.ts'

/**
 * The route that the options of a socket ask for.
 *
 * @throws ConnectionError for a proxy of the environment that is none
 */
export function chooseRoute(settings: Settings, url: URL): Route {
  // The server is behind a unix socket, whatever the process uses for other servers.
  if (settings.socketPath !== undefined) return direct
  if (settings.upgrade !== undefined) return byUpgrade
  if (settings.connect !== undefined) return settings.http2 === 'only' ? http2ByConnect : byConnect
  if (settings.agent !== undefined) return byAgent
  if (settings.dispatcher !== undefined) return byDispatcher
  const proxy = proxyFor(settings, url)
  return proxy === undefined ? direct : throughProxy(proxy)
}
