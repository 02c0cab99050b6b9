import { readFile } from 'node:fs/promises'
import { extname, join, normalize, sep } from 'node:path'
import { answer, type HttpResponse } from './http-resources.ts'
import { type Substitutions, substitute } from './substitution.ts'
import { readScriptMetadata, type TestMetadata } from './test-metadata.ts'

/**
 * Serves the files of a web-platform-tests checkout as upstream's server does, as far as `websockets/` needs: templates in
 * `.sub.` files, `.headers` files, and the pages that upstream makes of `.any.js`, `.window.js` and `.worker.js`.
 */
export class CheckoutFiles {
  readonly #root: string
  readonly #known: Substitutions

  constructor(root: string, known: Substitutions) {
    this.#root = root
    this.#known = known
  }

  async serve(response: HttpResponse, url: URL): Promise<void> {
    const path = rewrites.get(url.pathname) ?? decodeURIComponent(url.pathname)
    const made = await this.#makePage(path)
    if (made) return answer(response, 200, made.text, { 'Content-Type': made.type })
    const file = await this.#read(path)
    if (!file) return answer(response, 404, '')
    const templated = path.includes('.sub.') || url.searchParams.get('pipe') === 'sub'
    const body = templated ? substitute(file.toString(), this.#known, url) : file
    const headers = { 'Content-Type': types[extname(path)] ?? 'text/plain', ...(await this.#headersOf(path)) }
    answer(response, 200, body, headers)
  }

  /** Null when there is no such file, or it lies outside of the checkout. */
  async #read(path: string): Promise<Buffer | null> {
    const file = normalize(join(this.#root, path))
    if (!file.startsWith(this.#root + sep)) return null
    return await readFile(file).catch(() => null)
  }

  async #headersOf(path: string): Promise<Record<string, string>> {
    const headers: Record<string, string> = {}
    const lines = (await this.#read(`${path}.headers`))?.toString().split('\n') ?? []
    for (const line of lines) {
      const colon = line.indexOf(':')
      if (colon > 0) headers[line.slice(0, colon).trim()] = line.slice(colon + 1).trim()
    }
    return headers
  }

  async #makePage(path: string): Promise<{ text: string; type: string } | null> {
    for (const { ending, source, make, type } of madePages) {
      if (!path.endsWith(ending)) continue
      const script = path.slice(0, -ending.length) + source
      const text = await this.#read(script)
      if (text) return { text: make(script, readScriptMetadata(text.toString())), type }
    }
    return null
  }
}

const rewrites = new Map([['/resources/WebIDLParser.js', '/resources/webidl2/lib/webidl2.js']])

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
}

const madePages = [
  { ending: '.any.html', source: '.any.js', make: windowPage, type: 'text/html' },
  { ending: '.any.worker.html', source: '.any.js', make: workerPage, type: 'text/html' },
  { ending: '.any.worker.js', source: '.any.js', make: workerScript, type: 'text/javascript' },
  { ending: '.window.html', source: '.window.js', make: windowPage, type: 'text/html' },
  { ending: '.worker.html', source: '.worker.js', make: workerPage, type: 'text/html' },
]

function windowPage(script: string, metadata: TestMetadata): string {
  const scripts = [...metadata.scripts, script].map(src => `<script src="${src}"></script>`)
  const flags = `<script>${globalFlagsScript('window')}</script>`
  return ['<!doctype html>', flags, ...pageStart(metadata), ...scripts, ''].join('\n')
}

function workerPage(script: string, metadata: TestMetadata): string {
  const worker = script.replace(/\.any\.js$/, '.any.worker.js')
  const start = `<script>fetch_tests_from_worker(new Worker('${worker}' + location.search))</script>`
  return ['<!doctype html>', ...pageStart(metadata), start, ''].join('\n')
}

function pageStart(metadata: TestMetadata): string[] {
  return [
    '<meta charset=utf-8>',
    ...(metadata.longTimeout ? ['<meta name=timeout content=long>'] : []),
    ...(metadata.title === undefined ? [] : [`<title>${metadata.title}</title>`]),
    '<script src=/resources/testharness.js></script>',
    '<script src=/resources/testharnessreport.js></script>',
    '<div id=log></div>',
  ]
}

/** A script that defines `GLOBAL`, by which upstream's multi-scope tests know the scope that they run in. */
export function globalFlagsScript(scope: 'window' | 'worker'): string {
  const flags = { isWindow: scope === 'window', isWorker: scope === 'worker', isShadowRealm: false }
  const members = Object.entries(flags).map(([name, value]) => `${name}: () => ${value}`)
  return `self.GLOBAL = { ${members.join(', ')} }`
}

function workerScript(script: string, metadata: TestMetadata): string {
  const scripts = ['/resources/testharness.js', ...metadata.scripts, script]
  return [globalFlagsScript('worker'), ...scripts.map(src => `importScripts('${src}')`), 'done()', ''].join('\n')
}
