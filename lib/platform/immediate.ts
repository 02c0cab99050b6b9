import { clearImmediate, setImmediate } from 'node:timers'
import { process } from '../host/node-process.ts'
import { queueByMessage } from './message-task.ts'

type Schedule = (task: () => void) => void

/** The functions as they were at load. A test may replace those of the module later. */
const timers = { setImmediate, clearImmediate }
/** How tasks are queued, for all connections of the process. Undefined until the first one. */
const chosen: { schedule: Schedule | undefined } = { schedule: undefined }

/** Queues a task of the event loop. */
export function queueTask(task: () => void): void {
  chosen.schedule ??= isReal() ? byImmediate() : queueByMessage()
  chosen.schedule(task)
}

/** Whether `setImmediate` is the host's own. A test may have replaced it before the package was loaded. */
function isReal(): boolean {
  const immediate = timers.setImmediate(() => {})
  timers.clearImmediate(immediate)
  return immediate.constructor.name === 'Immediate'
}

/** The tasks of many sockets share a callback, so it is in no domain (`node:domain`) of the one that schedules it. */
function byImmediate(): Schedule {
  const { setImmediate } = timers
  const current = process as { domain?: unknown }
  return task => {
    const { domain } = current
    if (domain) current.domain = null
    setImmediate(task)
    if (domain) current.domain = domain
  }
}
