import type { AsyncContext } from '../host/async-context.ts'
import { host } from '../host/host.ts'
import { inMicrotask } from '../host/microtask.ts'

/** Runs the tasks that were queued for it. */
export interface TaskTarget {
  /** Its tasks run in this context. */
  readonly context: AsyncContext
  /**
   * Runs one task. What it throws reaches the event loop as an uncaught exception; later tasks still run.
   *
   * @param kind which of its tasks: the target numbers them
   * @param data the value that the task was queued with
   */
  runTask(kind: number, data: unknown): void
}

/** Array elements of one entry: target, kind, data, and how many tasks the entry still stands for. */
const ENTRY = 4
/** Stands in an entry for the number of its tasks: the entry is the rest of the task before it. */
const REST = 0
/** The entries that have run are cut off when they take this many array elements. */
const COMPACT_AT = ENTRY * 4096

/**
 * Limit of tasks that are scheduled with the host at a time. After them the event loop serves timers and other I/O. More
 * callbacks at a time would only be more live objects at the next garbage collection (bench: receive).
 */
const MAX_SCHEDULED = 512

/**
 * The WebSocket task source: tasks run from the event loop in the order in which they were queued. All microtasks of one
 * task are done before the next task starts.
 *
 * One queue serves all sockets of the process, as there is one event loop: that keeps the order between sockets, and lets
 * what many listeners send leave in few writes.
 *
 * Each task has a callback of the host, scheduled when the task is queued, and no callback schedules the next one. On
 * Node.js a task costs about 30 ns that way, and 800 ns by an immediate that schedules itself again (bench: receive). On a
 * host that can perform a microtask checkpoint, one callback runs all scheduled tasks.
 *
 * Invariants:
 * - `#waiting` is the sum of the counts of all entries from `#head` on; `#scheduled` is at most `#waiting`.
 * - Whenever no task runs and some wait, at least one is scheduled, so the queue never stalls.
 * - A task leaves the queue and the counts before it runs, so a task that throws, or queues tasks, finds them correct.
 */
class TaskQueue {
  #entries: unknown[] = []
  /** Index of the oldest entry. Before it are entries that have run. */
  #head = 0
  /** Tasks that have not started. */
  #waiting = 0
  /** Those of the waiting tasks that have a callback of the host. */
  #scheduled = 0
  #afterScheduled: (() => void)[] = []

  /** Queues `count` tasks of one kind with the same data. */
  queue(target: TaskTarget, kind: number, data: unknown, count = 1): void {
    this.#entries.push(target, kind, data, count)
    this.#waiting += count
    this.#schedule()
  }

  /**
   * Queues the rest of the task that was queued last: all microtasks run before it. Where the host can perform a microtask
   * checkpoint, nothing else of the event loop runs in between; elsewhere the rest is a task of its own.
   */
  queueRest(target: TaskTarget, kind: number, data: unknown): void {
    this.#entries.push(target, kind, data, REST)
    this.#waiting++
    this.#schedule()
  }

  /**
   * Calls back in a microtask, after all tasks that are scheduled by now; right after the current script if there are none.
   * So the messages that the listeners of several tasks send leave in one write.
   */
  afterScheduled(callback: () => void): void {
    if (this.#scheduled === 0) inMicrotask(callback)
    else this.#afterScheduled.push(callback)
  }

  #schedule(): void {
    if (host.performMicrotaskCheckpoint === undefined) {
      while (this.#scheduled < this.#waiting && this.#scheduled < MAX_SCHEDULED) {
        this.#scheduled++
        host.queueTask(this.#runNext)
      }
    } else if (this.#scheduled === 0 && this.#waiting > 0) {
      this.#scheduled = 1
      host.queueTask(this.#runScheduled)
    }
  }

  readonly #runNext = (): void => {
    const entries = this.#entries
    const head = this.#head
    const target = entries[head] as TaskTarget
    const kind = entries[head + 1] as number
    const data = entries[head + 2]
    const left = (entries[head + 3] as number) - 1
    if (left > 0) entries[head + 3] = left
    else this.#removeFirst()
    this.#waiting--
    this.#scheduled--
    try {
      target.context.runInAsyncScope(target.runTask, target, kind, data)
    } finally {
      if (this.#scheduled === 0) this.#endScheduled()
    }
  }

  /**
   * Runs all tasks that wait, up to the limit, in one callback of the host: a checkpoint costs a fifth of a callback (bench:
   * receive, on Bun). After an exception the rest of the tasks run in another callback.
   */
  readonly #runScheduled = (): void => {
    this.#scheduled = Math.min(this.#waiting, MAX_SCHEDULED)
    let completed = false
    try {
      for (;;) {
        if (this.#scheduled === 1 && this.#secondIsRest) this.#scheduled++
        if (this.#scheduled === 1) break
        this.#runNext()
        host.performMicrotaskCheckpoint!()
      }
      completed = true
    } finally {
      // Not by `catch`: the report of an uncaught exception shows the line that has thrown last.
      if (!completed) host.queueTask(this.#runScheduled)
    }
    this.#runNext()
  }

  /** Whether the second task that waits is the rest of the first. */
  get #secondIsRest(): boolean {
    return this.#waiting > 1 && this.#entries[this.#head + ENTRY + 3] === REST
  }

  #removeFirst(): void {
    // The message can be freed now, although its entry stays in the array for a while.
    this.#entries[this.#head + 2] = undefined
    this.#head += ENTRY
    if (this.#head === this.#entries.length) {
      this.#entries.length = 0
      this.#head = 0
    } else if (this.#head >= COMPACT_AT) {
      this.#entries = this.#entries.slice(this.#head)
      this.#head = 0
    }
  }

  /** The last scheduled task has run, its microtasks not included. */
  #endScheduled(): void {
    if (this.#afterScheduled.length > 0) inMicrotask(this.#callBack)
    this.#schedule()
  }

  readonly #callBack = (): void => {
    for (const callback of this.#afterScheduled.splice(0)) {
      try {
        callback()
      } catch (error) {
        // The other callbacks belong to other sockets.
        host.queueTask(() => {
          throw error
        })
      }
    }
  }
}

/** The queue of this process. */
export const tasks: TaskQueue = new TaskQueue()
