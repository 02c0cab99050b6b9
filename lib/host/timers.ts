import { host, type Timers } from './host.ts'

/** The one place that sets timers. All of it is of real time, also where a test fakes the clock after the package was loaded. */

export type Timer = ReturnType<typeof setTimeout>

const globals: Timers = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout }

/**
 * Calls back once, after `delay` milliseconds. The timer does not keep the process alive; the connection that it watches
 * does.
 *
 * @param delay milliseconds; 0 means no limit: no timer is set
 */
export function startTimer(delay: number, callback: () => void): Timer | undefined {
  if (delay === 0) return undefined
  const { setTimeout } = host.timers ?? globals
  const timer: Timer & { unref?(): void } = setTimeout(callback, delay)
  timer.unref?.()
  return timer
}

/** Stops a timer of `startTimer`. Without effect if it was never set, or has called back. */
export function stopTimer(timer: Timer | undefined): void {
  const { clearTimeout } = host.timers ?? globals
  clearTimeout(timer)
}

/** Milliseconds of a clock that only rises, with fractions. */
export function now(): number {
  return host.now?.() ?? performance.now()
}
