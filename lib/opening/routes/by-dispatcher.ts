import { type Dispatcher, globalDispatcher, upgradeByDispatcher } from '../../transport/dispatcher.ts'
import { type Route, wayWithin } from '../way.ts'

/** The option `dispatcher`. */
export const byDispatcher: Route = {
  needsAddress: false,
  option: 'dispatcher',

  async open(target, { dispatcher }, context) {
    const chosen: Dispatcher = dispatcher === 'global' ? globalDispatcher() : dispatcher!
    return wayWithin(context, upgradeByDispatcher(chosen, target))
  },
}
