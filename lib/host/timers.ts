import { host, type Timers } from './host.ts'

/**
 * The one place that sets timers, and in which all time limits are judged. All of it is of real time, also where a test fakes
 * the clock after the package was loaded.
 */

export type Timer = ReturnType<typeof setTimeout>

const globals: Timers = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout }

/** The number of parts in which a time limit is waited for. */
const PARTS = 4

/** The longest delay of a timer, in milliseconds (24.8 days). A longer one would fire at once. */
export const LONGEST_DELAY = 0x7fffffff

/** Calls back once, after `delay` milliseconds. By default, the timer does not keep the process alive. */
export function startTimer(delay: number, callback: () => void, keepsAlive = false): Timer {
  const { setTimeout } = host.timers ?? globals
  return setKeepsAlive(setTimeout(callback, delay), keepsAlive)
}

/** Stops a timer. Without effect if there is none, or if it has called back. */
export function stopTimer(timer: Timer | undefined): void {
  const { clearTimeout } = host.timers ?? globals
  // `clearTimeout` of Hermes throws for undefined.
  if (timer !== undefined) clearTimeout(timer)
}

/** Milliseconds of a clock that only rises, with fractions. */
export function now(): number {
  return host.now!()
}

/**
 * A time limit for something that the server has to do. When the time is over, bytes that have arrived from the network are
 * read first; then `judge` is called, unless those bytes cancel the deadline.
 *
 * Only time in which the process runs counts. The limit is split into parts, so a stopped process, or a long script, uses up at
 * most one part.
 *
 * Whatever happens in time cancels the deadline, so `judge` is called only if the limit was exceeded, once.
 */
export class Deadline {
  #judge: () => void
  /** Milliseconds of one part, rounded up. */
  readonly #part: number
  /** Milliseconds of the limit that are left for the parts still to wait for. */
  #left: number
  /** Turns of the event loop until `judge` is called, once the time is over. */
  #turns = host.turnsToRead
  /** Returns how many of the turns one turn of the event loop counts for. */
  readonly #cost: (() => number) | undefined
  #timer: Timer | undefined
  #keepsAlive: boolean

  /**
   * Starts the time.
   *
   * @param limit milliseconds; 0 for no limit: `judge` is never called
   * @param keepsAlive whether the process stays alive until the deadline is judged or cancelled
   * @param cost the number of turns that one turn of the event loop counts for, once the time is over. Default: 1
   */
  constructor(limit: number, judge: () => void, keepsAlive = false, cost?: () => number) {
    this.#cost = cost
    this.#judge = judge
    this.#left = limit || Number.POSITIVE_INFINITY
    this.#part = Math.ceil((limit || LONGEST_DELAY) / PARTS)
    this.#keepsAlive = keepsAlive
    this.#wait()
  }

  /** Calls the deadline off, up to the call of `judge`. */
  cancel(): void {
    this.#judge = () => {}
    stopTimer(this.#timer)
  }

  keepAlive(wanted: boolean): void {
    this.#keepsAlive = wanted
    setKeepsAlive(this.#timer!, wanted)
  }

  #wait(): void {
    this.#timer = startTimer(this.#part, this.#step, this.#keepsAlive)
  }

  /** Ends a part, or a turn. Turns let the event loop read bytes that have arrived: it may serve timers before the network. */
  readonly #step = (): void => {
    this.#left -= this.#part
    if (this.#left > 0) this.#wait()
    else if ((this.#turns -= this.#cost?.() ?? 1) >= 0) host.queueTask(this.#step)
    else this.#judge()
  }
}

function setKeepsAlive(timer: Timer, wanted: boolean): Timer {
  ;(timer as { ref?(): void; unref?(): void })[wanted ? 'ref' : 'unref']?.()
  return timer
}
