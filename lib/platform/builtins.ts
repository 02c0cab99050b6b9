import { process } from '../host/node-process.ts'

/*
 * Modules of Node.js that are not needed before there is a connection. To load them takes longer than to load this package
 * (bench: import), and an import would do it at once.
 */

export function asyncHooks(): typeof import('node:async_hooks') {
  return process.getBuiltinModule('node:async_hooks')
}

export function crypto(): typeof import('node:crypto') {
  return process.getBuiltinModule('node:crypto')
}

export function zlib(): typeof import('node:zlib') {
  return process.getBuiltinModule('node:zlib')
}

/** zlib's constant of that name, which has been the same since there is a zlib. */
export const Z_SYNC_FLUSH = 2
