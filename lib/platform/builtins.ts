import { process } from '../host/node-process.ts'

/*
 * Modules of Node.js that are loaded by the first call, since only a connection needs them. An import statement would load them
 * with this package, which takes longer than the package itself (bench: import). A dynamic import of a file of ours, with import
 * statements in it, would keep bundlers from writing one file.
 */

export function asyncHooks(): typeof import('node:async_hooks') {
  return process.getBuiltinModule('node:async_hooks')
}

export function buffer(): typeof import('node:buffer') {
  return process.getBuiltinModule('node:buffer')
}

export function crypto(): typeof import('node:crypto') {
  return process.getBuiltinModule('node:crypto')
}

export function dns(): typeof import('node:dns') {
  return process.getBuiltinModule('node:dns')
}

export function http(): typeof import('node:http') {
  return process.getBuiltinModule('node:http')
}

export function http2(): typeof import('node:http2') {
  return process.getBuiltinModule('node:http2')
}

export function https(): typeof import('node:https') {
  return process.getBuiltinModule('node:https')
}

export function net(): typeof import('node:net') {
  return process.getBuiltinModule('node:net')
}

export function stream(): typeof import('node:stream') {
  return process.getBuiltinModule('node:stream')
}

/** The object and not its members: a program may change them, and what it changes counts for the next connection. */
export function tls(): typeof import('node:tls') {
  return process.getBuiltinModule('node:tls')
}

export function util(): typeof import('node:util') {
  return process.getBuiltinModule('node:util')
}

export function zlib(): typeof import('node:zlib') {
  return process.getBuiltinModule('node:zlib')
}

/** The constant of that name, which is part of zlib's stable interface. Here it does not load the module. */
export const Z_SYNC_FLUSH = 2
