/**
 * A promise with what settles it. It counts as handled: whoever waits for nothing need not hear of its rejection.
 * (`Promise.withResolvers` is not in Node.js 20.)
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
