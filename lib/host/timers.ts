/** The one place above the transports that sets timers. */

export type Timer = ReturnType<typeof setTimeout>

/**
 * Calls back once, after `delay` milliseconds. The timer does not keep the process alive; the connection that it watches
 * does.
 *
 * @param delay milliseconds; 0 means no limit: no timer is set
 */
export function startTimer(delay: number, callback: () => void): Timer | undefined {
  if (delay === 0) return undefined
  const timer = setTimeout(callback, delay)
  ;(timer as { unref?(): void }).unref?.()
  return timer
}
