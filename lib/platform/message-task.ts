/**
 * Makes a function that queues tasks by messages to this thread, which no test replaces. Each is a task of its own, in the order
 * in which they were queued. On Node.js one takes ten times as long as an immediate.
 */
export function queueByMessage(): (task: () => void) => void {
  const tasks: (() => void)[] = []
  const { port1, port2 } = new MessageChannel() as unknown as { port1: Port; port2: Port }
  const runNext = (): void => {
    const task = tasks.shift()!
    if (tasks.length === 0) port1.unref?.()
    task()
  }
  Object.assign(port1, { onmessage: runNext })
  // On Node.js, a port that listens keeps the process alive.
  port1.unref?.()
  return task => {
    if (tasks.push(task) === 1) port1.ref?.()
    port2.postMessage(undefined)
  }
}

interface Port {
  postMessage(message: unknown): void
  ref?(): void
  unref?(): void
}
