import type { DiagnosticsChannel } from '../host/host.ts'
import { process } from '../host/node-process.ts'
import { diagnosticsChannels } from './builtins.ts'

interface DenoPermissions {
  querySync(descriptor: object): { readonly state: string }
}

/** The diagnostics channel of that name, on a host that has `node:diagnostics_channel`. */
export function diagnosticsChannel(name: string): DiagnosticsChannel {
  return diagnosticsChannels().channel(name)
}

/** Whether the environment variable `NODE_DEBUG`, a list of names, contains "websocket" or "*". */
export function debugs(): boolean {
  if (!mayReadEnvironment()) return false
  const names = process.env.NODE_DEBUG?.toLowerCase().split(/[\s,]+/) ?? []
  return names.includes('websocket') || names.includes('*')
}

/** Deno asks the user at the terminal before a program without the permission reads the environment. */
function mayReadEnvironment(): boolean {
  const { Deno } = globalThis as { Deno?: { permissions?: DenoPermissions } }
  const permission = Deno?.permissions?.querySync({ name: 'env', variable: 'NODE_DEBUG' })
  return permission === undefined || permission.state === 'granted'
}
