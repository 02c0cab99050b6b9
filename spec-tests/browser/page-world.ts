import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { join, normalize } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { type WebSocket, WebSocketServer } from 'ws'
import { launchChromium } from '../support/chromium.ts'
import { root } from '../support/root.ts'

const CONTENT_TYPES: Readonly<Record<string, string>> = { js: 'text/javascript', html: 'text/html' }

/** A Chromium, and a server of pages, of the built library below `/dist/`, and of WebSockets. */
export class PageWorld {
  readonly browser: Browser
  /** The origin of the pages, such as `http://localhost:12345`. */
  readonly origin: string
  /** Header fields of the last opening handshake. */
  lastHeaders: Readonly<Record<string, unknown>> = {}

  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #webSockets = new WebSocketServer({ noServer: true })
  /** Files of the server beside the library, by path. */
  readonly #files = new Map<string, string>([['/', '<!doctype html><title>page</title>']])

  static async open(): Promise<PageWorld> {
    const browser = await launchChromium()
    const server = createServer()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return new PageWorld(browser, server)
  }

  private constructor(browser: Browser, server: Server) {
    this.browser = browser
    this.#server = server
    this.origin = `http://localhost:${(server.address() as AddressInfo).port}`
    server.on('connection', socket => {
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => this.#sockets.delete(socket))
    })
    server.on('request', ({ url }, response) => {
      this.#read(new URL(url!, this.origin).pathname).then(
        ([type, text]) => response.writeHead(200, { 'Content-Type': type }).end(text),
        () => response.writeHead(404).end(),
      )
    })
    server.on('upgrade', (request, socket, head) => {
      this.lastHeaders = request.headers
      const { pathname } = new URL(request.url!, this.origin)
      // Never answers.
      if (pathname === '/silent') return
      if (pathname === '/refuse') return void socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')
      this.#webSockets.handleUpgrade(request, socket, head, client => serve(client, pathname))
    })
  }

  /** Serves a file beside the library. */
  serve(path: string, text: string): void {
    this.#files.set(path, text)
  }

  /** Opens the empty page, or another one. */
  async page(path = '/'): Promise<Page> {
    const page = await this.browser.newPage()
    await page.goto(this.origin + path)
    return page
  }

  async close(): Promise<void> {
    await this.browser.close()
    const closed = new Promise(resolve => this.#server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  async #read(path: string): Promise<[type: string, text: string]> {
    const type = CONTENT_TYPES[/\.(\w+)$/.exec(path)?.[1] ?? 'html'] ?? 'text/plain'
    const own = this.#files.get(path)
    if (own !== undefined) return [type, own]
    const folder = join(root, 'dist/')
    const file = normalize(join(root, path))
    if (!file.startsWith(folder)) throw new Error(`There is no ${path}`)
    return [type, await readFile(file, 'utf8')]
  }
}

function serve(client: WebSocket, path: string): void {
  client.on('error', () => {})
  // Reads nothing any more, so that a Close frame is never answered.
  if (path === '/deaf') client.pause()
  if (path === '/drop') client.terminate()
  if (path === '/flood') {
    for (let index = 0; index < 64; index++) client.send(new Uint8Array(64 * 1024))
  }
  client.on('message', (data, isBinary) => {
    if (String(data) === 'drop me') client.terminate()
    else client.send(data, { binary: isBinary })
  })
}

/** The world of a suite's tests: it is there while they run. */
export interface SuiteWorld {
  readonly world: PageWorld
  /** The page of the suite, with a new document. */
  page(): Promise<Page>
  /** Runs a body in a new document (`inPage`), after a script that is to run before the library is loaded. */
  run(body: string, prepare?: string): Promise<unknown>
}

/** Opens a world before the tests of a suite, and closes it after them. */
export function usePageWorld(): SuiteWorld {
  let world: PageWorld
  // One page for the documents of all tests: a page begins with a process, which takes three times as long as a document.
  let page: Page
  before(async () => {
    world = await PageWorld.open()
    page = await world.page()
  })
  after(() => world?.close())
  const suite: SuiteWorld = {
    get world() {
      return world
    },
    async page() {
      await page.goto(world.origin)
      return page
    },
    async run(body, prepare) {
      await suite.page()
      if (prepare !== undefined) await page.evaluate(prepare)
      return await inPage(page, body)
    },
  }
  return suite
}

/**
 * Runs the body of an async function in the page, where `lib` has the exports of the browser's entry and `base` is the origin of the
 * WebSockets. What it returns is copied.
 *
 * @param entry below the folder of the package. Default: the bundle, since the modules are some sixty requests of each page
 */
export async function inPage<Result = unknown>(
  page: Page,
  body: string,
  entry = 'dist/bundle/entry/browser.js',
): Promise<Result> {
  return await page.evaluate<Result>(`(async () => {
    const lib = await import('/${entry}')
    const base = location.origin.replace('http', 'ws')
    const once = (target, type) => new Promise(resolve => target.addEventListener(type, resolve, { once: true }))
    ${body}
  })()`)
}
