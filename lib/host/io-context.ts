import { host, type IoContext } from './host.ts'

export type { IoContext }

/** The caller's context of I/O. On a host where the process is one, it is always the same object. */
export function captureIoContext(): IoContext {
  return host.captureIoContext?.() ?? PROCESS
}

const PROCESS: IoContext = { enter() {} }

/** Makes a function that gives one object for each context of I/O, which `make` makes when it is first asked for. */
export function perIoContext<Value>(make: (context: IoContext) => Value): (context: IoContext) => Value {
  const values = new WeakMap<IoContext, Value>()
  return context => {
    let value = values.get(context)
    if (value === undefined) {
      value = make(context)
      values.set(context, value)
    }
    return value
  }
}
