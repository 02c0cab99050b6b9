import type { AsyncContext } from '../host/async-context.ts'
import { host } from '../host/host.ts'
import { inMicrotask } from '../host/microtask.ts'

/** Runs the tasks that were queued for it. */
export interface TaskTarget {
  /** Its tasks run in this context. */
  readonly context: AsyncContext
  /**
   * Runs one task. An error that it throws reaches the event loop as an uncaught exception; later tasks still run.
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
 * Limit of tasks in a turn. After them the event loop serves timers and other I/O. More callbacks at a time would only be more
 * live objects at the next garbage collection (bench: receive).
 */
const MAX_TASKS = 512
/** Time limit of the tasks in a turn, in milliseconds. The task that reaches it is the last of the turn. */
const MAX_TIME = 4

/** Taken at load: a test may replace it. */
const { now } = Date

/**
 * The WebSocket task source: tasks run from the event loop in the order in which they were queued. All microtasks of one
 * task are done before the next task starts.
 *
 * One queue serves all sockets of an event loop: that keeps the order between sockets, and lets what many listeners send leave
 * in few writes.
 *
 * On a host that can perform a microtask checkpoint, all tasks of a turn run in one callback of the host, with a checkpoint
 * between two tasks. Elsewhere each task has a callback of its own, scheduled when the task is queued; no callback schedules
 * the next one. On Node.js a task costs 25 ns in the first way, about 70 ns in the second, and 800 ns by an immediate that
 * schedules itself again (bench: receive).
 *
 * Invariants:
 * - `#waiting` is the number of the tasks of all entries from `#head` on; `#scheduled` is at most `#waiting`.
 * - Whenever no task runs and some wait, at least one is scheduled, so the queue never stalls.
 * - A task leaves the queue and the counts before it runs, so a task that throws, or queues tasks, finds them correct.
 */
export class TaskQueue {
  #entries: unknown[] = []
  /** Index of the oldest entry. Before it are entries that have run. */
  #head = 0
  /** Tasks that have not started. */
  #waiting = 0
  /** Number of the waiting tasks that run in this turn, or in the next one if no turn has begun. */
  #scheduled = 0
  #afterScheduled: (() => void)[] = []

  /** Runs all microtasks. The host is asked for it by the first callback; undefined until then, and where it has none. */
  #checkpoint: (() => void) | undefined
  #hasAskedForCheckpoint = false
  /** Whether an exception has ended a callback: the task before it may have left microtasks. */
  #wasInterrupted = false

  /** Tasks that have run in this turn, and when the first of them started. */
  #ran = 0
  #startedAt = 0

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
    if (this.#hasAskedForCheckpoint && this.#checkpoint === undefined) {
      const most = host.maxTasks ?? MAX_TASKS
      while (this.#scheduled < this.#waiting && this.#scheduled < most) {
        this.#scheduled++
        host.queueTask(this.#runOne)
      }
    } else if (this.#scheduled === 0 && this.#waiting > 0) {
      this.#scheduled = 1
      host.queueTask(this.#runTurn)
    }
  }

  /** Runs the tasks of a turn in one callback of the host. */
  readonly #runTurn = (): void => {
    let completed = false
    try {
      if (!this.#hasAskedForCheckpoint) {
        this.#checkpoint = host.findMicrotaskCheckpoint?.()
        this.#hasAskedForCheckpoint = true
      }
      if (this.#checkpoint !== undefined) this.#runAllButLast(this.#checkpoint)
      completed = true
    } finally {
      // Not by `catch`: the report of an uncaught exception shows the line that has thrown last.
      if (!completed) {
        this.#wasInterrupted = true
        host.queueTask(this.#runTurn)
      }
    }
    try {
      if (this.#scheduled > 0) this.#runNext()
    } finally {
      this.#endScheduled()
    }
  }

  /** Runs the tasks of a turn with their microtasks, but for the last one, whose microtasks run when the callback has ended. */
  #runAllButLast(checkpoint: () => void): void {
    if (this.#wasInterrupted) checkpoint()
    this.#wasInterrupted = false
    this.#scheduled = Math.min(this.#waiting, MAX_TASKS)
    this.#ran = 0
    if (this.#scheduled > 1) this.#startedAt = now()
    while (this.#scheduled > 1) {
      this.#runNext()
      checkpoint()
      if (this.#isTimeUp) this.#scheduled = 0
      else if (this.#scheduled === 1 && this.#isRest(1)) this.#scheduled++
    }
  }

  /** Runs one task. A turn has one such callback for each task; once the time is up, the callbacks that are left run nothing. */
  readonly #runOne = (): void => {
    if (this.#ran === 0) this.#startedAt = now()
    try {
      if (this.#isTimeUp) this.#scheduled--
      else this.#runNext()
    } finally {
      if (this.#scheduled === 0) this.#endScheduled()
    }
  }

  #runNext(): void {
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
    this.#ran++
    target.context.runInAsyncScope(target.runTask, target, kind, data)
  }

  /** Whether the first (0) or second (1) entry that waits is the rest of the task before it. */
  #isRest(index: 0 | 1): boolean {
    return this.#waiting > index && this.#entries[this.#head + index * ENTRY + 3] === REST
  }

  /**
   * Whether the tasks of this turn have reached the time limit; false between the parts of one task. The clock is looked at
   * after 1, 2, 4, 8 and 16 tasks, and then after each 16: a look takes as long as a checkpoint.
   */
  get #isTimeUp(): boolean {
    const ran = this.#ran
    if (ran === 0 || ((ran & (ran - 1)) !== 0 && (ran & 15) !== 0)) return false
    return now() - this.#startedAt >= MAX_TIME && !this.#isRest(0)
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

  /** The turn is over, but for the microtasks of its last task. */
  #endScheduled(): void {
    this.#ran = 0
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
