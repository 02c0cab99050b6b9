/** The entry of Node.js, Bun and Deno: joins their platform and transport to the API. */

import process from 'node:process'
import { setImmediate } from 'node:timers'
import { provideHost } from '../host/host.ts'
import { nodePlatform } from '../platform/node.ts'

/** The transport of Node.js. The first connection loads it, so that an import of the package stays cheap (bench: import). */
let transport: Promise<typeof import('../transport/node.ts')> | undefined

function loadTransport(): NonNullable<typeof transport> {
  transport ??= import('../transport/node.ts')
  return transport
}

/** Bun's function that runs all microtasks and `process.nextTick` callbacks; undefined on other runtimes. */
function microtaskCheckpoint(): (() => void) | undefined {
  if (process.versions.bun === undefined) return undefined
  return (process.getBuiltinModule('bun:jsc') as { drainMicrotasks?: () => void } | undefined)?.drainMicrotasks
}

provideHost({
  platform: nodePlatform,
  queueTask: task => void setImmediate(task),
  // Node.js and Bun poll the network in each turn of the event loop, and take megabytes from a socket in a few of them. Deno
  // polls in every 61st turn while tasks wait, and hands over what it read in the next ones.
  turnsToRead: 'deno' in process.versions ? 130 : 8,
  performMicrotaskCheckpoint: microtaskCheckpoint(),
  afterMicrotasks: callback => process.nextTick(callback),
  connect: async (target, tls) => (await loadTransport()).connect(target, tls),
  locate: async (host, port) => (await loadTransport()).locate(host, port),
})

export * from './exports.ts'
// `export *` leaves out the default export.
export { default } from './exports.ts'
