import type { AbortSignal } from '../host/host-types.ts'
import { DOMException } from '../idl/dom-exception.ts'

/** The sockets that wait for one signal: their callbacks, in the order of registration, and the listener that calls them. */
interface Waiting {
  readonly callbacks: Set<() => void>
  readonly listener: () => void
}

/**
 * The signals that openings wait for. One listener a signal, however many sockets share it: Node.js takes more than ten for
 * a leak and warns. An entry is there while it has callbacks.
 */
const signals = new WeakMap<AbortSignal, Waiting>()

/**
 * Calls back when `signal` is aborted; at once if it is already.
 *
 * @returns a function that takes the callback back; the last one leaves nothing on the signal
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  if (signal.aborted) {
    callback()
    return () => {}
  }
  const waiting = signals.get(signal) ?? listenTo(signal)
  waiting.callbacks.add(callback)
  return () => {
    waiting.callbacks.delete(callback)
    if (waiting.callbacks.size > 0) return
    signal.removeEventListener('abort', waiting.listener)
    signals.delete(signal)
  }
}

function listenTo(signal: AbortSignal): Waiting {
  const callbacks = new Set<() => void>()
  const listener = (): void => {
    for (const callback of callbacks) {
      try {
        callback()
      } catch (error) {
        // Reported as an unhandled rejection, so that the other callbacks are called all the same.
        void Promise.reject(error)
      }
    }
  }
  const waiting = { callbacks, listener }
  signal.addEventListener('abort', listener)
  signals.set(signal, waiting)
  return waiting
}

/** The reason of an aborted signal. Older ones have none: then it is what a signal has by default. */
export function abortReason(signal: AbortSignal): unknown {
  return signal.reason === undefined ? new DOMException('This operation was aborted', 'AbortError') : signal.reason
}
