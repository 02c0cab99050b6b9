import { host } from '../../host/host.ts'
import type { ConnectTarget } from '../../transport/connect.ts'
import type { Network, Tunnel } from '../../transport/network.ts'
import type { Trace } from '../../transport/trace.ts'
import { isPipe } from '../options/connect.ts'
import type { Settings } from '../options.ts'
import { type Route, type Way, wayOver } from '../way.ts'
import { findWay, getWay } from '../ways.ts'

/** TCP, and TLS over it for wss, by the host's transport; or a unix socket in place of TCP. */
export const direct: Route = {
  needsAddress: true,
  open: (target, settings, _context, trace) => openByHost(target, settings, trace),
}

/**
 * Opens a way by the transport of the host. The option `http2` says whether it is a place on a connection that sockets share, or
 * HTTP/1.1.
 *
 * @param tunnel in place of TCP
 */
export async function openByHost(
  target: ConnectTarget,
  settings: Settings,
  trace: Trace,
  tunnel?: Tunnel,
): Promise<Way> {
  const { http2, tls, keepAlive } = settings
  // The settings have no prototype, so to copy them is slow (bench: connect and close).
  const network = { __proto__: settings, trace, tunnel } as Network
  const connectHttp2 = http2 === 'only' ? getWay('http2') : findWay('http2')
  if (http2 !== false && connectHttp2 !== undefined) {
    const opened = await connectHttp2(target, http2, tls, keepAlive, network)
    return isPipe(opened) ? wayOver(opened, target) : opened
  }
  if (host.connect === undefined) throw new TypeError('This host has no transport: pass the option "connect"')
  return wayOver(await host.connect(target, tls, keepAlive, network), target)
}
