import type { Platform } from '../codec/platform.ts'
import type { Host } from '../host/host.ts'

/** The tasks that wait, and what calls back for them. Shared by all sockets, as there is one event loop. */
const queue = {
  tasks: [] as (() => void)[],
  /** Made by the first task: a server that renders pages queues none. */
  post: undefined as (() => void) | undefined,
}

interface PortLike {
  onmessage: () => void
  postMessage(message: undefined): void
  /** Present in Node.js, where an open port keeps the process alive without this call. */
  unref?(): void
}

function runFirst(): void {
  queue.tasks.shift()?.()
}

/** Not a timer, where it can be helped: browsers hold up timers, most of all in pages that nobody sees. */
function findPost(): () => void {
  if (typeof MessageChannel !== 'function') return () => setTimeout(runFirst, 0)
  const { port1, port2 } = new MessageChannel() as unknown as { port1: PortLike; port2: PortLike }
  port1.onmessage = runFirst
  port1.unref?.()
  return () => port2.postMessage(undefined)
}

function queueTask(task: () => void): void {
  queue.post ??= findPost()
  queue.tasks.push(task)
  queue.post()
}

/**
 * What the streams need of a host that has its own WebSocket. The codec does not run here, so the platform has one function.
 *
 * @param utf8Length see `Platform`
 */
export function pageHost(utf8Length: Platform['utf8Length']): Host {
  return {
    platform: { utf8Length } as Platform,
    queueTask,
    turnsToRead: 0,
    // A task is later than it has to be, but right.
    afterMicrotasks: queueTask,
  }
}
