import { captureContext } from '../host/async-context.ts'

/** Called when the sent data has left for the network, or with an error if it cannot. */
export type SendCallback = (error?: Error) => void

/** The callback, to be called in the async context of the caller of `send`, as it is by ws. Listeners run in that of the socket. */
export function inContextOfCaller(callback: SendCallback): SendCallback {
  const context = captureContext()
  return error => context.runInAsyncScope(callback, undefined, error)
}
