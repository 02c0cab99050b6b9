import { host } from '../../host/host.ts'
import { type Route, wayOver } from '../way.ts'

/** TCP, and TLS over it for wss, by the host's transport; or a unix socket in place of TCP. */
export const direct: Route = {
  needsAddress: true,

  async open(target, settings, _context, trace) {
    if (host.connect === undefined) throw new TypeError('This host has no transport: pass the option "connect"')
    const { tls, keepAlive, localAddress, noDelay, socketPath, allowAddress } = settings
    const network = { localAddress, noDelay, socketPath, allowAddress, trace }
    return wayOver(await host.connect(target, tls, keepAlive, network), target)
  },
}
