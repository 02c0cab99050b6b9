import type { Scope, Variant } from '../port.ts'

/** One file of tests in one variant and one scope. */
export interface TestCase {
  readonly suite: 'upstream' | 'ports'
  /** Below `websockets/`. */
  readonly file: string
  /** The query of upstream's page, such as `?wss`. */
  readonly query: string
  readonly variant: Variant
  readonly scope: Scope
  readonly long: boolean
  /** Scripts of `// META: script=` comments. Only tests of upstream have them. */
  readonly scripts: readonly string[]
  readonly title?: string | undefined
  /** It takes a store of cookies that the page and its sockets share. Only ports have it. */
  readonly takesCookies?: boolean | undefined
  /** Why only a browser can run it. */
  readonly browserOnly?: string | undefined
}

export function variantOf(query: string): Variant {
  const parameters = new URLSearchParams(query)
  if (parameters.getAll('wpt_flags').includes('h2')) return 'h2'
  return parameters.get('wss') === '' ? 'wss' : 'ws'
}

/** The path of the page that a browser opens for a test. */
export function pagePath({ file, scope, query }: TestCase): string {
  const page = file
    .replace(/\.any\.js$/, scope === 'worker' ? '.any.worker.html' : '.any.html')
    .replace(/\.(window|worker)\.js$/, '.$1.html')
  return `/websockets/${page}${query}`
}

/** The path of `location` in the global scope of a test: in a worker, that of its script. Ports in one process share it. */
export function locationPath({ suite, file, scope, query }: TestCase): string {
  if (suite === 'ports') return scope === 'worker' ? '/websockets/ports.worker.js' : '/websockets/ports.html'
  const path = scope === 'worker' ? file.replace(/\.any\.js$/, '.any.worker.js') : undefined
  return path === undefined
    ? `/websockets/${file.replace(/\.(any|window)\.js$/, '.$1.html')}${query}`
    : `/websockets/${path}${query}`
}

/** The scheme of the server that upstream loads the page of a test from. */
export function pageScheme({ file, query }: TestCase): 'http' | 'https' | 'h2' {
  const flags = new URLSearchParams(query).getAll('wpt_flags')
  if (flags.includes('h2')) return 'h2'
  return flags.includes('https') || file.includes('.https.') ? 'https' : 'http'
}
