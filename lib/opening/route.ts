import { host } from '../host/host.ts'
import type { Settings } from './options.ts'
import { byAgent } from './routes/by-agent.ts'
import { byConnect, http2ByConnect } from './routes/by-connect.ts'
import { byUpgrade } from './routes/by-upgrade.ts'
import { direct } from './routes/direct.ts'
import type { Route } from './way.ts'
import { getWay } from './ways.ts'

/**
 * The route that the options of a socket ask for.
 *
 * @throws ConnectionError for a proxy of the environment that is none, TypeError for a way that this program does not have
 */
export function chooseRoute(settings: Settings, url: URL): Route {
  // The server is behind a unix socket, whatever the process uses for other servers.
  if (settings.socketPath !== undefined) return direct
  if (settings.upgrade !== undefined) return byUpgrade
  if (settings.connect !== undefined) return settings.http2 === 'only' ? http2ByConnect : byConnect
  if (settings.agent !== undefined) return byAgent
  if (settings.dispatcher !== undefined) return getWay('dispatcher')
  const proxy = settings.proxy ?? (host.usesEnvironmentProxy?.() ? 'env' : false)
  return (proxy !== false && getWay('proxy')(proxy, url)) || direct
}
