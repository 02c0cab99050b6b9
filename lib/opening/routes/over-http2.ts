import { host } from '../../host/host.ts'
import { ConnectionError } from '../../protocol/errors.ts'
import { isPipe } from '../options/connect.ts'
import { type Route, wayOver } from '../way.ts'
import { direct } from './direct.ts'

/** The option `http2`: a place on a connection that sockets share, or HTTP/1.1. */
export const overHttp2: Route = {
  needsAddress: true,

  async open(target, settings, context, trace) {
    const { http2, tls, keepAlive, localAddress, noDelay, socketPath, allowAddress } = settings
    if (http2 === false || host.connectHttp2 === undefined) {
      if (http2 === 'only') throw new ConnectionError('WS_ERR_HTTP2', 'This host has no transport for HTTP/2')
      return direct.open(target, settings, context, trace)
    }
    const network = { localAddress, noDelay, socketPath, allowAddress, trace }
    const opened = await host.connectHttp2(target, http2, tls, keepAlive, network)
    return isPipe(opened) ? wayOver(opened, target) : opened
  },
}
