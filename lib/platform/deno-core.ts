import type { AsyncContext } from '../host/host.ts'

type Frame = unknown

/** The functions below Deno's own `node:` modules. They are not documented: who uses them tries them first. */
export interface DenoCore {
  /** Runs microtasks and `process.nextTick` callbacks, as Node.js does between two immediates. */
  runNextTicks?(): void
  getAsyncContext?(): Frame
  setAsyncContext?(frame: Frame): void
}

/** Taken at load, as everything of the host. Empty on other runtimes. */
export const denoCore: DenoCore = findCore() ?? {}

function findCore(): DenoCore | undefined {
  const { Deno } = globalThis as { Deno?: { internal?: symbol; [key: symbol]: { core?: DenoCore } | undefined } }
  return Deno?.internal === undefined ? undefined : Deno[Deno.internal]?.core
}

const { getAsyncContext, setAsyncContext } = denoCore

/** An async context of Deno. To run something in it takes a nanosecond, and 300 with an AsyncResource (bench: receive). */
export class DenoContext implements AsyncContext {
  readonly #frame = getAsyncContext!()

  runInAsyncScope<This, Values extends unknown[], Result>(
    callback: (this: This, ...values: Values) => Result,
    thisValue: This,
    ...values: Values
  ): Result {
    const outer = getAsyncContext!()
    setAsyncContext!(this.#frame)
    try {
      return callback.apply(thisValue, values)
    } finally {
      setAsyncContext!(outer)
    }
  }
}
