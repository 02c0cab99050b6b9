/** The entry of hosts that have the web platform and no transport: the option `connect` brings one. */

import { WebSocket } from '../api/websocket.ts'
import { provideHost } from '../host/host.ts'
import { defineDispatchEvent } from '../idl/event-handlers.ts'
import { byDispatcher } from '../opening/routes/by-dispatcher.ts'
import { use } from '../opening/ways.ts'
import { callsEventHandlers } from '../platform/event-target.ts'
import { queueByMessage } from '../platform/message-task.ts'
import { webPlatform } from '../platform/web.ts'
import { now } from '../platform/web-clock.ts'

const { setTimeout } = globalThis

const callsHandlers = callsEventHandlers()
const queueTask =
  typeof MessageChannel === 'function'
    ? queueByMessage()
    : (task: () => void): void => {
        setTimeout(task, 0)
      }

provideHost({
  platform: webPlatform,
  queueTask,
  turnsToRead: 8,
  now,
  // A task is later than it has to be, but right.
  afterMicrotasks: queueTask,
  callsEventHandlers: callsHandlers,
})
use({ dispatcher: byDispatcher })
if (callsHandlers) defineDispatchEvent(WebSocket.prototype)

export * from './exports.ts'
// `export *` leaves out the default export.
export { default } from './exports.ts'
