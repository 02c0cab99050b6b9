import process from 'node:process'
import type { Browser, BrowserType, Page } from 'playwright-core'
import { findChromium } from './chromium.ts'
import type { FileResult, FileStatus, Status, Subject, SubtestResult } from './results.ts'
import { type Hosts, pageBase, type Server } from './servers.ts'
import { pagePath, pageScheme, type TestCase } from './test-case.ts'

/** A browser that runs tests, each in a context (cookies, cache) of its own. */
export interface TestBrowser {
  /** Name and version, such as `chromium 156.0.1`. */
  readonly label: string
  run(test: TestCase, server: Server, subject: Subject, seconds: number): Promise<FileResult>
  close(): Promise<void>
}

/** @throws {Error} when playwright-core or the browser is not there */
export async function openBrowser(name: 'chromium' | 'firefox', path: string | undefined): Promise<TestBrowser> {
  const types = await loadPlaywright()
  const executablePath = path ?? (name === 'chromium' ? findChromium() : undefined)
  const browser = await types[name].launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    ...(name === 'chromium' ? chromiumOptions : firefoxOptions),
  })
  return {
    label: `${name} ${browser.version()}`,
    run: (test, server, subject, seconds) => runPage(browser, test, server, subject, seconds),
    close: () => browser.close(),
  }
}

/** What the server is called in browsers, which find it by these names without a hosts file. */
export const browserHosts: Hosts = { host: 'web-platform.test', alternateHost: 'not-web-platform.test' }

/** All names of the hosts that tests open. */
const names = [browserHosts.host, browserHosts.alternateHost].flatMap(host => [
  host,
  ...['www', 'www1', 'www2', 'xn--n8j6ds53lwwkrqhv28a', 'xn--lve-6lad'].map(subdomain => `${subdomain}.${host}`),
])

const chromiumOptions = {
  args: [
    // Inside of containers the root user has no sandbox.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    '--disable-quic',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--ignore-certificate-errors',
    `--host-resolver-rules=${names.map(name => `MAP ${name} 127.0.0.1`).join(',')}`,
  ],
  // Some of the tests are about this cache.
  ignoreDefaultArgs: ['--disable-back-forward-cache'],
}

const firefoxOptions = { firefoxUserPrefs: { 'network.dns.localDomains': names.join(',') } }

async function loadPlaywright(): Promise<Record<'chromium' | 'firefox', BrowserType>> {
  try {
    return await import('playwright-core')
  } catch (error) {
    throw new Error(`--browser takes the package playwright-core: npm install playwright-core (${String(error)})`)
  }
}

/** What the page tells when its harness is done. */
interface PageResults {
  readonly status: number
  readonly message: string | null
  readonly tests: readonly { readonly name: string; readonly status: number; readonly message: string | null }[]
}

const subtestStatuses: readonly Status[] = ['PASS', 'FAIL', 'TIMEOUT', 'NOTRUN', 'PRECONDITION_FAILED']
const fileStatuses: readonly FileStatus[] = ['OK', 'ERROR', 'TIMEOUT', 'PRECONDITION_FAILED']

/** Takes the place of upstream's file of that name, which is there for that. */
const reportScript = `add_completion_callback((tests, { status, message }) => {
  const plain = ({ name, status, message }) => ({ name, status, message })
  reportResults({ status, message, tests: tests.map(plain) })
})`

async function runPage(
  browser: Browser,
  test: TestCase,
  server: Server,
  subject: Subject,
  seconds: number,
): Promise<FileResult> {
  const { file, query, variant, scope } = test
  const start = performance.now()
  const limit = seconds * 1000 * (test.long ? 6 : 1) + 10_000
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  try {
    const page = await context.newPage()
    const results = await pageResults(page, pageBase(server, pageScheme(test)) + pagePath(test), limit)
    const base = { file, query, variant, scope, subject, milliseconds: Math.round(performance.now() - start) }
    if (results === undefined) return { ...base, status: 'TIMEOUT', message: `no word after ${limit} ms`, subtests: [] }
    const subtests = results.tests.map(({ name, status, message }): SubtestResult => {
      return { name, status: subtestStatuses[status]!, ...(message === null ? {} : { message }) }
    })
    const status = fileStatuses[results.status]!
    return results.message === null
      ? { ...base, status, subtests }
      : { ...base, status, subtests, message: results.message }
  } finally {
    await context.close()
  }
}

async function pageResults(page: Page, url: string, limit: number): Promise<PageResults | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined
  try {
    return await new Promise((resolve, reject) => {
      timer = setTimeout(() => resolve(undefined), limit)
      const go = async () => {
        await page.exposeFunction('reportResults', (results: PageResults) => resolve(results))
        await page.route('**/resources/testharnessreport.js', route =>
          route.fulfill({ contentType: 'text/javascript', body: reportScript }),
        )
        await page.goto(url, { waitUntil: 'commit' })
      }
      go().catch(reject)
    })
  } finally {
    clearTimeout(timer)
  }
}
