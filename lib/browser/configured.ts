import type { ConfiguredDefaults } from '../api/configured.ts'
import type { WebSocketConstructor } from '../api/websocket-interface.ts'
import { requireArguments } from '../idl/webidl.ts'
import { copyDefaults } from '../opening/options/init.ts'
import { toSubprotocols } from '../opening/subprotocols.ts'
import { HostWebSocket } from './host-classes.ts'
import { hostOptions, joinPageOptions, readPageOptions, resolveURL } from './options.ts'
import { watchOf } from './socket-watch.ts'

/**
 * Makes a class with other defaults below the host's WebSocket: see `api/configured.ts`, whose contract this has. Options that a
 * page cannot have are refused or ignored, as the option `browser` says.
 *
 * @throws TypeError that names an invalid option, or one that a page cannot have
 */
export function configured(defaults: ConfiguredDefaults): WebSocketConstructor {
  const options = copyDefaults(defaults)
  readPageOptions(options)
  const Configured = class extends HostWebSocket {
    constructor(url: unknown, protocols: unknown = undefined, wsOptions: unknown = undefined) {
      requireArguments(arguments.length, 1, 'WebSocket')
      const settings = readPageOptions(joinPageOptions(options, protocols, wsOptions))
      const list = toSubprotocols(settings.protocols)
      super(resolveURL(url, settings.baseURL), list, ...hostOptions(settings))
      if (settings.binaryType !== undefined) this.binaryType = settings.binaryType
      watchOf(this).limit(settings)
    }

    override close(...values: [code?: number, reason?: string]): void {
      const state = this.readyState
      super.close(...values)
      watchOf(this).closeStarted(state)
    }
  }
  Object.defineProperty(Configured, 'name', { value: 'WebSocket' })
  return Configured as unknown as WebSocketConstructor
}
