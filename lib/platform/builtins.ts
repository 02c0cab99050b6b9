import { process } from '../host/node-process.ts'

/*
 * Modules of Node.js that are loaded by the first call, since only a connection needs them. An import statement would load them
 * with this package, which takes longer than the package itself (bench: import).
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

export function zlib(): typeof import('node:zlib') {
  return process.getBuiltinModule('node:zlib')
}

/** The constant of that name, which is part of zlib's stable interface. Here it does not load the module. */
export const Z_SYNC_FLUSH = 2
