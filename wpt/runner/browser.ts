import process from 'node:process'
import type { Browser, BrowserType, Page } from 'playwright-core'
import { hostNames } from './browser-hosts.ts'
import { preparePort, prepareUpstream } from './browser-pages.ts'
import { findChromium } from './chromium.ts'
import { UsageError } from './options.ts'
import { type FileResult, type ReportLine, resultOf, type Subject } from './results.ts'
import type { Server } from './server.ts'
import type { TestCase } from './test-case.ts'

/** A browser that runs tests, each in a context (cookies, cache) of its own. */
export interface TestBrowser {
  /** Name and version, such as `chromium 156.0.1`. */
  readonly label: string
  run(test: TestCase, server: Server, subject: Subject, seconds: number): Promise<FileResult>
  close(): Promise<void>
}

/** @throws {UsageError} when playwright-core or the browser is not there */
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

const chromiumOptions = {
  args: [
    // The sandbox of Chromium does not work for the root user.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    '--disable-quic',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--ignore-certificate-errors',
    `--host-resolver-rules=${hostNames.map(name => `MAP ${name} 127.0.0.1`).join(',')}`,
  ],
  // Some tests are about this cache.
  ignoreDefaultArgs: ['--disable-back-forward-cache'],
}

const firefoxOptions = { firefoxUserPrefs: { 'network.dns.localDomains': hostNames.join(',') } }

async function loadPlaywright(): Promise<Record<'chromium' | 'firefox', BrowserType>> {
  try {
    return await import('playwright-core')
  } catch (error) {
    throw new UsageError(`--browser takes the package playwright-core: npm install playwright-core (${String(error)})`)
  }
}

async function runPage(
  browser: Browser,
  test: TestCase,
  server: Server,
  subject: Subject,
  seconds: number,
): Promise<FileResult> {
  const start = performance.now()
  const milliseconds = seconds * 1000 * (test.long ? 6 : 1)
  const limit = milliseconds + grace
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  try {
    const page = await context.newPage()
    const prepare = test.suite === 'ports' ? preparePort : prepareUpstream
    const address = await prepare(page, test, server, milliseconds, subject.implementation)
    const lines = await visit(page, limit, address)
    return resultOf(test, subject, lines, { status: 'TIMEOUT', message: `no word for ${limit} ms` }, start)
  } finally {
    await context.close()
  }
}

/** Milliseconds that a page gets beyond its own time limit, to load and to report. */
const grace = 10_000

/** Opens a page and collects what it reports with `reportLine`, until it reports its end, or nothing for `limit` milliseconds. */
async function visit(page: Page, limit: number, address: string): Promise<ReportLine[]> {
  let timer: ReturnType<typeof setTimeout> | undefined
  try {
    return await new Promise((resolve, reject) => {
      const lines: ReportLine[] = []
      timer = setTimeout(() => resolve(lines), limit)
      const take = (line: ReportLine) => {
        timer!.refresh()
        lines.push(line)
        if ('end' in line) resolve(lines)
      }
      page
        .exposeFunction('reportLine', take)
        .then(() => page.goto(address, { waitUntil: 'commit' }))
        .catch(reject)
    })
  } finally {
    clearTimeout(timer)
  }
}
