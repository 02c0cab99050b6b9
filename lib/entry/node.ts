import process from 'node:process'
import { setImmediate } from 'node:timers'
import { provideHost } from '../host/host.ts'
import { nodePlatform } from '../platform/node.ts'

/** Loaded by the first connection: to import the package is a matter of milliseconds (bench: import). */
let transport: Promise<typeof import('../transport/node.ts')> | undefined

function loadTransport(): NonNullable<typeof transport> {
  transport ??= import('../transport/node.ts')
  return transport
}

/** Bun's function that runs all microtasks, and ticks; undefined elsewhere. */
function microtaskCheckpoint(): (() => void) | undefined {
  if (process.versions.bun === undefined) return undefined
  return (process.getBuiltinModule('bun:jsc') as { drainMicrotasks?: () => void } | undefined)?.drainMicrotasks
}

provideHost({
  platform: nodePlatform,
  queueTask: task => void setImmediate(task),
  performMicrotaskCheckpoint: microtaskCheckpoint(),
  afterMicrotasks: callback => process.nextTick(callback),
  connect: async (target, tls) => (await loadTransport()).connect(target, tls),
  resolveHost: async (host, port) => (await loadTransport()).resolveHost(host, port),
})

export * from './exports.ts'
// A star does not carry it.
export { default } from './exports.ts'
