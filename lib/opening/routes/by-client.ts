import { host } from '../../host/host.ts'
import { type Dispatcher, globalDispatcher, upgradeByDispatcher } from '../../transport/dispatcher.ts'
import type { Upgrade } from '../../transport/pipe.ts'
import { type Route, wayBy } from '../way.ts'

/** The option `agent`. */
export const byAgent: Route = {
  needsAddress: false,
  isForeign: true,

  async open(target, { agent, tls }, context, trace) {
    if (host.upgradeByAgent === undefined) throw new TypeError('This host has no agents: "agent" is of Node.js')
    return wayBy(within(context, host.upgradeByAgent(agent!, target, tls, trace)))
  },
}

/** The option `dispatcher`. */
export const byDispatcher: Route = {
  needsAddress: false,
  isForeign: true,

  async open(target, { dispatcher }, context) {
    const chosen: Dispatcher = dispatcher === 'global' ? globalDispatcher() : dispatcher!
    return wayBy(within(context, upgradeByDispatcher(chosen, target)))
  },
}

/** An `Upgrade` that calls the client in the context of the socket, and reports what it throws. */
function within(context: import('../../host/async-context.ts').AsyncContext, upgrade: Upgrade): Upgrade {
  return (request, handler) => {
    try {
      return context.runInAsyncScope(upgrade, undefined, request, handler)
    } catch (error) {
      handler.failed(error)
      return () => {}
    }
  }
}
