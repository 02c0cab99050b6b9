/** A timer that does not keep the process alive: the connection that it watches does. */
export type Timer = ReturnType<typeof setTimeout>

/** Calls back after `delay` milliseconds; no timer for 0. */
export function startTimer(delay: number, callback: () => void): Timer | undefined {
  if (delay === 0) return undefined
  const timer = setTimeout(callback, delay)
  ;(timer as { unref?(): void }).unref?.()
  return timer
}
