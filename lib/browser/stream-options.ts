import { isSequence } from '../idl/webidl.ts'
import { copyOptions } from '../opening/options/init.ts'
import { type PageSettings, readPageOptions } from './options.ts'

/**
 * Checks the options of a WebSocketStream: those of a page, and `streams`, which is returned as it was given.
 *
 * @throws TypeError that names the option
 */
export function readStreamOptions(options: unknown): { settings: PageSettings; streams: unknown } {
  const isObject = typeof options === 'object' || typeof options === 'function'
  if (options !== undefined && !isObject) throw new TypeError('The options of a WebSocketStream are not an object')
  const given = copyOptions(options as object | null | undefined, ['protocols', 'signal', 'targetAddressSpace'])
  const { streams } = given
  delete given.streams
  if (given.protocols !== undefined && !isSequence(given.protocols)) {
    throw new TypeError('The WebSocketStream option "protocols" is not a list')
  }
  return { settings: readPageOptions(given), streams }
}
