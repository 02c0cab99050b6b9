import { clearImmediate, setImmediate } from 'node:timers'

type Schedule = (task: () => void) => void

/** The functions as they were at load: a test may replace them later. */
const timers = { setImmediate, clearImmediate }
let schedule: Schedule | undefined

/** Queues a task of the event loop. */
export function queueTask(task: () => void): void {
  schedule ??= isReal() ? byImmediate() : byMessage()
  schedule(task)
}

/** Whether `setImmediate` is that of the host, and not one that a test has put there before the package was loaded. */
function isReal(): boolean {
  const immediate = timers.setImmediate(() => {})
  timers.clearImmediate(immediate)
  return immediate.constructor.name === 'Immediate'
}

function byImmediate(): Schedule {
  const { setImmediate } = timers
  return task => void setImmediate(task)
}

/** By messages to oneself, which nobody fakes. They take ten times as long. */
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
