import type { DiagnosticsChannel } from '../host/host.ts'
import { diagnosticsChannels, util } from './builtins.ts'

/** The diagnostics channel of that name, on a host that has `node:diagnostics_channel`. */
export function diagnosticsChannel(name: string): DiagnosticsChannel {
  return diagnosticsChannels().channel(name)
}

/**
 * Whether `NODE_DEBUG` contains "websocket". By `util.debuglog`, which knows the variable on Deno without asking the user for a
 * permission.
 */
export function debugs(): boolean {
  return util().debuglog('websocket').enabled === true
}
