/**
 * The entry of Node.js, Bun and Deno with TCP and TLS alone: joins their platform and transport to the API. A program adds the other
 * ways that it uses, and a bundle of it has no more.
 */

import { clearTimeout, setTimeout } from 'node:timers'
import { provideHost } from '../host/host.ts'
import { nextTick, process } from '../host/node-process.ts'
import { captureContext } from '../platform/async-context.ts'
import { debugs, diagnosticsChannel } from '../platform/diagnostics.ts'
import { queueTask } from '../platform/immediate.ts'
import { findMicrotaskCheckpoint } from '../platform/microtask-checkpoint.ts'
import { nodePlatform } from '../platform/node.ts'
import { usesEnvironmentProxy } from '../platform/use-env-proxy.ts'
import { connect, resolveHost } from '../transport/node.ts'

/**
 * Not `performance`, which takes longer to load than this package (bench: import). In Deno it is there already, and `hrtime` calls
 * its `now` as a program may have replaced it.
 */
function now(): number {
  const [seconds, nanoseconds] = hrtime()
  return seconds * 1000 + nanoseconds / 1e6
}

const { hrtime } = process
const notDeno = process.versions.deno === undefined

provideHost({
  platform: nodePlatform,
  queueTask,
  findMicrotaskCheckpoint,
  // Node.js and Bun poll the network in each turn of the event loop, and take megabytes from a socket in a few of them. Deno
  // polls in every 61st turn while tasks wait, and hands over what it read in the next ones.
  turnsToRead: notDeno ? 8 : 130,
  now: notDeno ? now : performance.now.bind(performance),
  joinsBlobs: process.versions.bun === undefined,
  makesEventClassesLazily: process.versions.bun === undefined && notDeno,
  // A task is later than it has to be, but right.
  afterMicrotasks: nextTick ?? queueTask,
  timers: { setTimeout, clearTimeout },
  captureContext,
  diagnosticsChannel,
  debugs,
  connect,
  resolveHost,
  environment: () => process.env,
  usesEnvironmentProxy,
})

export { use, type Ways } from '../opening/ways.ts'
export * from './exports.ts'
// `export *` leaves out the default export.
export { default } from './exports.ts'
export { agent, dispatcher, http2, proxy } from './ways.ts'
