import type { Implementation, Variant } from '../../port.ts'
import { pageLocation } from './page.ts'
import { withOptions } from './with-options.ts'

const names = ['WebSocket', 'CloseEvent', 'MessageEvent', 'WebSocketStream', 'WebSocketError'] as const

type Exports = Record<string, unknown>

/**
 * Loads the classes under test. Event classes that a module does not export are those of the host, as for the users of the module.
 * Other missing classes stay missing: the WebSocketStream of another implementation would say nothing about this one.
 *
 * @param variant of the tests. This package, which is told by its function `configured`, takes HTTP/2 if it is asked to
 */
export async function loadClasses(address: string | undefined, variant?: Variant): Promise<Implementation> {
  const host = globalThis as unknown as Exports
  if (address === undefined) return pick(host, host)
  const module = (await import(address)) as Exports
  const exported = isFunction(module.WebSocket) ? module : (module.default as Exports | undefined)
  const found = isFunction(exported?.WebSocket) ? exported! : { WebSocket: exported }
  if (!isFunction(found.WebSocket)) throw new Error(`${address} exports no class WebSocket`)
  tellLocation(module)
  const classes = pick(found, { CloseEvent: host.CloseEvent, MessageEvent: host.MessageEvent })
  return variant === 'h2' && isFunction(module.configured) ? withOptions(classes, { http2: 'auto' }) : classes
}

function pick(from: Exports, otherwise: Exports): Implementation {
  const classes = names.map(name => [name, from[name] ?? otherwise[name]])
  return Object.fromEntries(classes) as unknown as Implementation
}

/** Tells undici the base of relative URLs and the origin, by its function `setGlobalOrigin`. Others read `location`. */
function tellLocation(module: Exports): void {
  const setGlobalOrigin = module.setGlobalOrigin
  if (isFunction(setGlobalOrigin)) setGlobalOrigin(pageLocation().href)
}

function isFunction(value: unknown): value is (...values: unknown[]) => unknown {
  return typeof value === 'function'
}
