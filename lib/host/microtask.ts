/** Runs `callback` in a microtask. Cheaper than `queueMicrotask`, which on Node.js makes more than a promise (bench: send). */
export function inMicrotask(callback: () => void): void {
  // The method is taken at load: a test, or a tracer, may replace it on the prototype.
  then.call(settled, callback)
}

const settled = Promise.resolve()
const { then } = Promise.prototype
