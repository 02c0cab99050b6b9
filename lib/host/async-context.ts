import { type AsyncContext, host } from './host.ts'

export type { AsyncContext }

/** The context of the caller. On a host without contexts, an object that only calls. */
export function captureContext(): AsyncContext {
  return host.captureContext?.() ?? NO_CONTEXT
}

const NO_CONTEXT: AsyncContext = {
  runInAsyncScope: (callback, thisValue, ...values) => callback.apply(thisValue, values),
}
