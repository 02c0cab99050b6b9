/**
 * A promise and the functions that settle it, as `Promise.withResolvers` makes them (Node.js 20 has no such function). The
 * promise counts as handled: its rejection is no unhandled rejection, even if nobody waits for it.
 */
export class Deferred<Value> {
  readonly promise: Promise<Value>
  resolve!: (value: Value) => void
  reject!: (reason: unknown) => void

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
    this.promise.catch(() => {})
  }
}
