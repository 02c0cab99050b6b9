/** The entry of workerd: joins `cloudflare:sockets` and the web platform to the API. */

import { WebSocket } from '../api/websocket.ts'
import { provideHost } from '../host/host.ts'
import { getBuiltinModule } from '../host/node-process.ts'
import { defineDispatchEvent } from '../idl/event-handlers.ts'
import { byDispatcher } from '../opening/routes/by-dispatcher.ts'
import { use } from '../opening/ways.ts'
import { captureContext } from '../platform/async-context.ts'
import { diagnosticsChannel } from '../platform/diagnostics.ts'
import { callsEventHandlers } from '../platform/event-target.ts'
import { captureRequest } from '../platform/io-context.ts'
import { nodeCompression } from '../platform/node-zlib.ts'
import { webPlatform } from '../platform/web.ts'
import { now } from '../platform/web-clock.ts'
import { connect } from '../transport/cloudflare.ts'

const { setTimeout } = globalThis

/** Not by messages, which are quicker: their callbacks share one microtask checkpoint. */
function queueTask(task: () => void): void {
  setTimeout(task, 0)
}

/** Whether there is a module of Node.js, which takes the flag `nodejs_compat`. */
function has(module: string): boolean {
  return getBuiltinModule?.(module) !== undefined
}

provideHost({
  // Not by CompressionStream, which cannot end a message without ending the stream: RFC 7692 needs zlib's sync flush.
  platform: has('node:zlib') ? { ...webPlatform, compression: nodeCompression } : webPlatform,
  queueTask,
  // A timer takes about 35 µs to be called: more of them at once would pass the time limit of a turn, and have to be set again.
  maxTasks: 32,
  turnsToRead: 8,
  now,
  // A task is later than it has to be, but right.
  afterMicrotasks: queueTask,
  ...(has('node:async_hooks') ? { captureContext } : {}),
  captureIoContext: captureRequest,
  ...(has('node:diagnostics_channel') ? { diagnosticsChannel } : {}),
  callsEventHandlers: callsEventHandlers(),
  connect,
})
use({ dispatcher: byDispatcher })
defineDispatchEvent(WebSocket.prototype)

export * from './exports.ts'
// `export *` leaves out the default export.
export { default } from './exports.ts'
