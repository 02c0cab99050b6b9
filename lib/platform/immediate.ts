import { clearImmediate, setImmediate } from 'node:timers'
import { process } from '../host/node-process.ts'

type Schedule = (task: () => void) => void

/** The functions as they were at load. A test may replace those of the module later. */
const timers = { setImmediate, clearImmediate }
/** How tasks are queued, for all connections of the process. Undefined until the first one. */
const chosen: { schedule: Schedule | undefined } = { schedule: undefined }

/** Queues a task of the event loop. */
export function queueTask(task: () => void): void {
  chosen.schedule ??= isReal() ? byImmediate() : byMessage()
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

/** By messages to this thread, which no test replaces. They take ten times as long as immediates. */
function byMessage(): Schedule {
  const tasks: (() => void)[] = []
  const { port1, port2 } = new MessageChannel()
  const runNext = (): void => {
    const task = tasks.shift()!
    // A port that listens keeps the process alive.
    if (tasks.length === 0) port1.unref()
    task()
  }
  Object.assign(port1, { onmessage: runNext })
  return task => {
    if (tasks.push(task) === 1) port1.ref()
    port2.postMessage(undefined)
  }
}
