import type * as Browser from '#lib/entry/browser.js'
import type * as Node from '#lib/entry/node.js'
import type * as ReactNative from '#lib/entry/react-native.js'

// Each compiles if the values of the entry have the types of those for Node.js, whose declarations all hosts share.
export const browserTypes = (entry: typeof Browser): typeof Node => entry
export const reactNativeTypes = (entry: typeof ReactNative): typeof Node => entry
