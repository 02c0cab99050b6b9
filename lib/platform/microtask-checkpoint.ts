import { inMicrotask } from '../host/microtask.ts'
import { getBuiltinModule, nextTick, process } from '../host/node-process.ts'
import { denoCore } from './deno-core.ts'

type Checkpoint = () => void

/**
 * By this function Node.js itself runs microtasks and `process.nextTick` callbacks, and reports unhandled rejections, between
 * two immediates: 25 ns, where one more immediate takes 60 to 90 (bench: receive).
 *
 * The documentation of Node.js has it as deprecated alone (DEP0134). Under `--pending-deprecation` Node.js puts a function that
 * warns in its place, with another name. That function is not used.
 */
const { _tickCallback: runNextTicks } = process as { _tickCallback?: Checkpoint }

/**
 * Finds the runtime's function that performs a microtask checkpoint: it runs all microtasks and `process.nextTick` callbacks,
 * and throws what they throw. Call it from a callback of the event loop, since within a microtask there is no checkpoint.
 *
 * @returns undefined if the runtime has none, or has one that does not work
 */
export function findMicrotaskCheckpoint(): Checkpoint | undefined {
  const checkpoint = ofNode() ?? denoCore.runNextTicks ?? ofBun()
  return checkpoint !== undefined && nextTick !== undefined && works(checkpoint, nextTick) ? checkpoint : undefined
}

function ofNode(): Checkpoint | undefined {
  return runNextTicks?.name === 'runNextTicks' ? runNextTicks : undefined
}

function ofBun(): Checkpoint | undefined {
  if (process.versions.bun === undefined) return undefined
  return (getBuiltinModule('bun:jsc') as { drainMicrotasks?: Checkpoint } | undefined)?.drainMicrotasks
}

/** Tries whether microtasks and ticks run, and those that they queue. */
function works(checkpoint: Checkpoint, tick: NonNullable<typeof nextTick>): boolean {
  let ran = 0
  const run = (): void => {
    ran++
  }
  try {
    tick(() => {
      run()
      inMicrotask(run)
    })
  } catch {
    // Bun has no ticks if the global process was deleted before the first one.
    return false
  }
  inMicrotask(() => {
    run()
    tick(run)
  })
  // An exception here is of a microtask of the program, not of this test.
  checkpoint()
  return ran === 4
}
