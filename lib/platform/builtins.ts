import { getBuiltinModule } from '../host/node-process.ts'

/*
 * Modules of Node.js that are loaded by the first call, since only a connection needs them. An import statement would load them
 * with this package, which takes longer than the package itself (bench: import). A dynamic import of a file of ours, with import
 * statements in it, would keep bundlers from writing one file.
 */

export function asyncHooks(): typeof import('node:async_hooks') {
  return builtin('node:async_hooks')
}

export function buffer(): typeof import('node:buffer') {
  return builtin('node:buffer')
}

export function crypto(): typeof import('node:crypto') {
  return builtin('node:crypto')
}

export function diagnosticsChannels(): typeof import('node:diagnostics_channel') {
  return builtin('node:diagnostics_channel')
}

export function dns(): typeof import('node:dns') {
  return builtin('node:dns')
}

export function http(): typeof import('node:http') {
  return builtin('node:http')
}

export function http2(): typeof import('node:http2') {
  return builtin('node:http2')
}

export function https(): typeof import('node:https') {
  return builtin('node:https')
}

export function net(): typeof import('node:net') {
  return builtin('node:net')
}

export function stream(): typeof import('node:stream') {
  return builtin('node:stream')
}

/** The module object and not its members: a program may replace members, and its changes count for the next connection. */
export function tls(): typeof import('node:tls') {
  return builtin('node:tls')
}

export function util(): typeof import('node:util') {
  return builtin('node:util')
}

export function zlib(): typeof import('node:zlib') {
  return builtin('node:zlib')
}

/** The constant of that name, which is part of zlib's stable interface. Here it does not load the module. */
export const Z_SYNC_FLUSH = 2

/** The modules that were loaded, by name: `process.getBuiltinModule` takes a microsecond each time (bench: connect and close). */
const loaded: Record<string, unknown> = { __proto__: null }

function builtin<Module>(name: string): Module {
  return (loaded[name] ??= getBuiltinModule(name)) as Module
}
