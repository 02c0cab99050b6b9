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

/** Calls back once, after `delay` milliseconds. The timer does not keep the process alive. */
export function startTimer(delay: number, callback: () => void): Timer {
  const timer = setRealTimeout(callback, delay)
  setKeepsAlive(timer, false)
  return timer
}

/** Without effect if there is no timer, or if it has called back. */
export function stopTimer(timer: Timer | undefined): void {
  const { clearTimeout } = host.timers ?? globals
  // That of Hermes throws for undefined.
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
  readonly #judge: () => void
  /** Milliseconds of one part, rounded up. */
  readonly #part: number
  /** Milliseconds of the limit that are left for the parts still to wait for. */
  #left: number
  /** Turns of the event loop until `judge` is called, once the time is over. */
  #turns = host.turnsToRead
  #timer: Timer | undefined
  #keepsAlive: boolean
  #isCancelled = false

  /**
   * Starts the time.
   *
   * @param limit milliseconds; 0 for no limit: `judge` is never called
   * @param keepsAlive whether the process stays alive until the deadline is judged or cancelled
   */
  constructor(limit: number, judge: () => void, keepsAlive = false) {
    this.#judge = judge
    this.#left = limit || Number.POSITIVE_INFINITY
    this.#part = Math.ceil((limit || LONGEST_DELAY) / PARTS)
    this.#keepsAlive = keepsAlive
    this.#wait()
  }

  /** Calls the deadline off, up to the call of `judge`. */
  cancel(): void {
    this.#isCancelled = true
    stopTimer(this.#timer)
  }

  keepAlive(wanted: boolean): void {
    this.#keepsAlive = wanted
    setKeepsAlive(this.#timer!, wanted)
  }

  #wait(): void {
    this.#timer = setRealTimeout(this.#endPart, this.#part)
    setKeepsAlive(this.#timer, this.#keepsAlive)
  }

  readonly #endPart = (): void => {
    this.#left -= this.#part
    if (this.#left > 0) this.#wait()
    else this.#look()
  }

  /** Lets the event loop read bytes that have arrived: it may serve timers before the network. */
  #look(): void {
    if (this.#isCancelled) return
    if (this.#turns-- > 0) host.queueTask(() => this.#look())
    else this.#judge()
  }
}

function setRealTimeout(callback: () => void, delay: number): Timer {
  const { setTimeout } = host.timers ?? globals
  return setTimeout(callback, delay)
}

function setKeepsAlive(timer: Timer, wanted: boolean): void {
  ;(timer as { ref?(): void; unref?(): void })[wanted ? 'ref' : 'unref']?.()
}
