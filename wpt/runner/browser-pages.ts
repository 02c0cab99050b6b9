import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page, Route } from 'playwright-core'
import type { Job } from './child/job.ts'
import type { PageReport } from './child/port-page.ts'
import { fileStatuses, type SubtestResult, subtestStatuses } from './results.ts'
import { pageBase, type Server, webSocketBase } from './servers.ts'
import { pagePath, pageScheme, type TestCase } from './test-case.ts'

/** What upstream's harness says of a subtest, or of the file. */
interface HarnessResult {
  readonly name: string
  readonly status: number
  readonly message: string | null
}

/** Takes the place of upstream's file of that name, which is there for that. */
const reportScript = `add_completion_callback((tests, whole) => {
  const plain = ({ name, status, message }) => ({ name, status, message })
  reportResults([whole, ...tests].map(plain))
})`

/** Has a page of upstream tell its results. Returns the page's address. */
export async function prepareUpstream(
  page: Page,
  test: TestCase,
  server: Server,
  _milliseconds: number,
  done: (report: PageReport) => void,
): Promise<string> {
  await page.exposeFunction('reportResults', ([whole, ...tests]: [HarnessResult, ...HarnessResult[]]) => {
    const subtests = tests.map(({ name, status, message }): SubtestResult => {
      return { name, status: subtestStatuses[status]!, ...(message === null ? {} : { message }) }
    })
    done({ status: fileStatuses[whole.status]!, message: whole.message ?? undefined, subtests })
  })
  await page.route('**/resources/testharnessreport.js', route =>
    route.fulfill({ contentType: 'text/javascript', body: reportScript }),
  )
  return pageBase(server, pageScheme(test)) + pagePath(test)
}

/** Below this path of the server's origin the browser finds the modules of this package, which no server serves. */
const modulePath = '/whatwg-websocket-wpt/'

/**
 * Has an empty page of the server run a port. Returns the page's address. The page is the server's own and not made up, because
 * browsers let no page without an origin in the network talk to this machine.
 */
export async function preparePort(
  page: Page,
  test: TestCase,
  server: Server,
  milliseconds: number,
  done: (report: PageReport) => void,
): Promise<string> {
  await page.exposeFunction('reportResults', done)
  const location = `${pageBase(server, pageScheme(test))}/common/blank.html`
  const { variant, scope } = test
  const base = webSocketBase(server, variant)
  const job: Job = {
    ...{ test, variant, scope, classes: undefined, location, base, milliseconds },
    ...{ results: '', timeoutMultiplier: 1 },
  }
  await page.route(`**${modulePath}**`, serveModule)
  await page.addInitScript(`addEventListener('DOMContentLoaded', async () => {
    const { runInPage } = await import('${modulePath}runner/child/port-page.js')
    runInPage(${JSON.stringify(job)})
  })`)
  return location
}

/** Import maps do not reach workers, so the one name that the ports import becomes an address here. */
async function serveModule(route: Route): Promise<void> {
  const path = new URL(route.request().url()).pathname.slice(modulePath.length)
  const file = path === 'chai.js' ? createRequire(import.meta.url).resolve('chai') : join(buildFolder, path)
  const source = await readFile(file, 'utf8')
  const body = source.replaceAll(/from ['"]chai['"]/g, `from '${modulePath}chai.js'`)
  await route.fulfill({ contentType: 'text/javascript', body })
}

const buildFolder = fileURLToPath(new URL('..', import.meta.url))
