import type { AsyncContext } from '../host/host.ts'
import { asyncHooks } from './builtins.ts'
import { DenoContext, denoCore } from './deno-core.ts'

type Class = new (type: string) => AsyncContext

/** The class of all contexts of the process. Undefined until the first one. */
const chosen: { Context: Class | undefined } = { Context: undefined }

/** The caller's context of asynchronous work. */
export function captureContext(): AsyncContext {
  chosen.Context ??= hasDenoContext() ? DenoContext : asyncHooks().AsyncResource
  return new chosen.Context('WebSocket')
}

function hasDenoContext(): boolean {
  return denoCore.getAsyncContext !== undefined && works(DenoContext)
}

/** Tries a class against the AsyncLocalStorage of the host. */
function works(Class: Class): boolean {
  const storage = new (asyncHooks().AsyncLocalStorage)<string>()
  const look = (): string | undefined => storage.getStore()
  try {
    const [first, second] = ['first', 'second'].map(name => storage.run(name, () => new Class('')))
    const inBoth = (): unknown[] => [look(), second!.runInAsyncScope(look, undefined), look()]
    return first!.runInAsyncScope(inBoth, undefined).join() === 'first,second,first' && look() === undefined
  } catch {
    return false
  }
}
