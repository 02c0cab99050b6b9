import { type Route, wayWithin } from '../way.ts'
import { getWay } from '../ways.ts'

/** The option `agent`. */
export const byAgent: Route = {
  needsAddress: false,
  option: 'agent',

  async open(target, { agent, tls }, context, trace) {
    return wayWithin(context, getWay('agent')(agent!, target, tls, trace))
  },
}
