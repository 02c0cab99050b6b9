import process from 'node:process'
import type { Scope } from '../../port.ts'
import { makeDocument } from './document.ts'
import { dispatch, pageLocation } from './page.ts'
import { SyncXMLHttpRequest } from './sync-fetch.ts'

/** Makes a property of the global scope, as Web IDL has it: writable, configurable, not enumerable. */
export function define(name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true })
}

/** `location`, before the implementation loads: some read it once. */
export function installLocation(href: string): void {
  if (pageLocation()?.href === href) return
  define('location', new URL(href))
}

/** What both scopes have in a browser and some host lacks. */
export function installGlobalScope(): void {
  if (!('self' in globalThis)) define('self', globalThis)
  if (!('addEventListener' in globalThis)) {
    const target = new EventTarget()
    for (const name of ['addEventListener', 'removeEventListener', 'dispatchEvent'] as const) {
      define(name, target[name].bind(target))
    }
    process.on('uncaughtException', reportError)
    process.on('unhandledRejection', reason => {
      dispatch(Object.assign(new Event('unhandledrejection'), { reason }))
    })
  }
  const { fetch } = globalThis
  define('fetch', (input: string, init?: RequestInit) => fetch(new URL(input, pageLocation().href), init))
  define('XMLHttpRequest', SyncXMLHttpRequest)
}

/** Does with an exception what a browser does with one that nobody caught. */
export function reportError(error: unknown): void {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  dispatch(Object.assign(new Event('error'), { error, message, filename: '', lineno: 0, colno: 0 }))
}

export interface PageFacts {
  readonly title: string | undefined
  readonly longTimeout: boolean
}

/** What tells one scope from the other, to the harness and to tests. */
export function installScope(kind: Scope, page: PageFacts, importScript: (url: string) => void): void {
  if (kind === 'window') {
    class Window {}
    define('Window', Window)
    for (const name of ['window', 'parent', 'top']) define(name, globalThis)
    define('opener', null)
    define('document', makeDocument(page.title, page.longTimeout))
    Object.defineProperty(globalThis, Symbol.toStringTag, { value: 'Window', configurable: true })
  } else {
    // `instanceof` is how the harness and the harness of interfaces recognise the scope.
    const scope = { [Symbol.hasInstance]: (value: unknown) => value === globalThis }
    define('WorkerGlobalScope', scope)
    define('DedicatedWorkerGlobalScope', scope)
    define('postMessage', () => {})
    define('importScripts', (...urls: string[]) => {
      for (const url of urls) importScript(new URL(url, pageLocation().href).href)
    })
  }
}
