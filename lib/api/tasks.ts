import { host } from './host.ts'

/**
 * The WebSocket task source: tasks run in the order in which they were queued, each from the event loop, so that all
 * microtasks of one are done before the next.
 *
 * One callback of the host is scheduled per task when it is queued, and none is scheduled again: on Node that costs
 * about 30 ns a task, against 800 ns for one immediate that re-arms itself (bench: receive).
 */

/** Has tasks. What kinds there are is its own affair. */
export interface TaskTarget {
  runTask(kind: number, data: unknown): void
}

// The queue, three entries a task. What has run is dropped when the queue is empty, or when it has grown long.
let queue: unknown[] = []
let head = 0
const COMPACT_AT = 3 * 4096

/** Called when the batch of tasks that are queued now has run, its microtasks included. */
const afterBatch: (() => void)[] = []

/** Queues a task. */
export function queueTask(target: TaskTarget, kind: number, data: unknown): void {
  queue.push(target, kind, data)
  host.queueTask(runNext)
}

/**
 * Calls back once the tasks that are queued by now have run, or in a microtask if there are none: so that what several
 * listeners of one batch send leaves together.
 */
export function whenBatchEnds(callback: () => void): void {
  if (head === queue.length) queueMicrotask(callback)
  else afterBatch.push(callback)
}

function runNext(): void {
  const target = queue[head] as TaskTarget
  const kind = queue[head + 1] as number
  const data = queue[head + 2]
  // While it never empties, the queue would keep thousands of messages that were given out long ago.
  queue[head + 2] = undefined
  head += 3
  if (head === queue.length) {
    queue.length = 0
    head = 0
  } else if (head >= COMPACT_AT) {
    queue = queue.slice(head)
    head = 0
  }
  try {
    target.runTask(kind, data)
  } finally {
    if (head === queue.length && afterBatch.length > 0) queueMicrotask(endBatch)
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
