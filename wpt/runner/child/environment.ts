import process from 'node:process'
import type { Scope } from '../../port.ts'
import { makeDocument } from './document.ts'
import { dispatch, pageLocation } from './page.ts'
import { SyncXMLHttpRequest } from './sync-fetch.ts'

/** Defines a property of the global scope with the attributes of Web IDL: writable, configurable, not enumerable. */
export function define(name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true })
}

/** Defines `location`. Called before the implementation is loaded, because some read it only then. */
export function installLocation(href: string): void {
  if (pageLocation()?.href === href) return
  define('location', new URL(href))
}

/** Defines the globals that both scopes have in a browser and some host lacks. */
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

/** Fires an `error` event at the global scope, as browsers do for an uncaught exception. */
export function reportError(error: unknown): void {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  dispatch(Object.assign(new Event('error'), { error, message, filename: '', lineno: 0, colno: 0 }))
}

export interface PageFacts {
  readonly title: string | undefined
  readonly longTimeout: boolean
}

/** Defines the globals by which the harness and tests tell a window from a worker. */
export function installScope(kind: Scope, page: PageFacts, importScript: (url: string) => void): void {
  if (kind === 'window') {
    class Window {}
    define('Window', Window)
    for (const name of ['window', 'parent', 'top']) define(name, globalThis)
    define('opener', null)
    define('document', makeDocument(page.title, page.longTimeout))
    Object.defineProperty(globalThis, Symbol.toStringTag, { value: 'Window', configurable: true })
  } else {
    // testharness.js and idlharness.js recognise the scope by `instanceof`.
    const scope = { [Symbol.hasInstance]: (value: unknown) => value === globalThis }
    define('WorkerGlobalScope', scope)
    define('DedicatedWorkerGlobalScope', scope)
    define('postMessage', () => {})
    define('importScripts', (...urls: string[]) => {
      for (const url of urls) importScript(new URL(url, pageLocation().href).href)
    })
  }
}
