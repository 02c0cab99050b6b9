import { host } from '../host/host.ts'

/**
 * The WebSocket task source: tasks run in the order in which they were queued, each from the event loop, so that all
 * microtasks of one are done before the next.
 *
 * One callback of the host is scheduled per task when it is queued, and none is scheduled again: on Node that costs
 * about 30 ns a task, against 800 ns for one immediate that re-arms itself (bench: receive). A host that can perform a
 * microtask checkpoint has one callback for all that are armed.
 */

/** Has tasks. What kinds there are is its own affair. */
export interface TaskTarget {
  runTask(kind: number, data: unknown): void
}

// The queue, four entries for what stands in it: target, kind, data, and how many tasks that is. What has run is dropped
// when the queue is empty, or when it has grown long.
let queue: unknown[] = []
let head = 0
const ENTRY = 4
const COMPACT_AT = ENTRY * 4096

/** Tasks that wait, and those of them that callbacks of the host are scheduled for. */
let waiting = 0
let armed = 0
/**
 * So many at once: after them the event loop gets to everything else, and more of them would only be more
 * objects for the garbage collector to keep (bench: receive).
 */
const MAX_ARMED = 512

/** Called when the tasks that are armed now have run, their microtasks included. */
const afterBatch: (() => void)[] = []

/** Queues a task, or several of one kind with the same data. */
export function queueTask(target: TaskTarget, kind: number, data: unknown, count = 1): void {
  queue.push(target, kind, data, count)
  waiting += count
  arm()
}

/**
 * Calls back once the tasks that are queued by now have run, or a good many of them; in a microtask if there are none: so
 * that what several listeners of one batch send leaves together.
 */
export function whenBatchEnds(callback: () => void): void {
  if (armed === 0) inMicrotask(callback)
  else afterBatch.push(callback)
}

function arm(): void {
  if (host.performMicrotaskCheckpoint === undefined) {
    while (armed < waiting && armed < MAX_ARMED) {
      armed++
      host.queueTask(runNext)
    }
  } else if (armed === 0 && waiting > 0) {
    armed = Math.min(waiting, MAX_ARMED)
    host.queueTask(runArmed)
  }
}

/** Runs all that are armed: a checkpoint in between costs a fifth of a callback of their own (bench: receive, on Bun). */
function runArmed(): void {
  try {
    while (armed > 1) {
      runNext()
      host.performMicrotaskCheckpoint!()
    }
  } catch (error) {
    host.queueTask(runArmed)
    throw error
  }
  runNext()
}

function runNext(): void {
  const target = queue[head] as TaskTarget
  const kind = queue[head + 1] as number
  const data = queue[head + 2]
  const left = (queue[head + 3] as number) - 1
  if (left > 0) queue[head + 3] = left
  else leaveQueue()
  waiting--
  armed--
  try {
    target.runTask(kind, data)
  } finally {
    if (armed === 0) {
      if (afterBatch.length > 0) inMicrotask(endBatch)
      arm()
    }
  }
}

/** Node's own `queueMicrotask` is made of more than a promise is (bench: send). */
const settled = Promise.resolve()
function inMicrotask(callback: () => void): void {
  settled.then(callback)
}

/** Takes the head out of the queue. */
function leaveQueue(): void {
  // While it never empties, the queue would keep thousands of messages that were given out long ago.
  queue[head + 2] = undefined
  head += ENTRY
  if (head === queue.length) {
    queue.length = 0
    head = 0
  } else if (head >= COMPACT_AT) {
    queue = queue.slice(head)
    head = 0
  }
}

function endBatch(): void {
  for (const callback of afterBatch.splice(0)) callback()
}

let turn = 0
let turnEnds = false

/**
 * A number that stays the same while a script runs and changes between tasks: what a script has seen of
 * `bufferedAmount` must not fall under its feet.
 */
export function currentTurn(): number {
  if (!turnEnds) {
    turnEnds = true
    host.queueTask(endTurn)
  }
  return turn
}

function endTurn(): void {
  turnEnds = false
  turn++
}
