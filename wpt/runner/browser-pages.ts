import type { Page } from 'playwright-core'
import type { Job } from './child/job.ts'
import { libraryPath, modulePath } from './module-files.ts'
import { fileStatuses, subtestStatuses } from './results.ts'
import { pageBase, type Server, webSocketBase } from './server.ts'
import { pagePath, pageScheme, type TestCase } from './test-case.ts'

/** Replaces upstream's testharnessreport.js, a file that exists for runners to replace it. */
const reportScript = `{
  const subtestStatuses = ${JSON.stringify(subtestStatuses)}
  const fileStatuses = ${JSON.stringify(fileStatuses)}
  add_result_callback(({ name, status, message }) => {
    reportLine({ subtest: { name, status: subtestStatuses[status], message: message ?? undefined } })
  })
  add_completion_callback((tests, { status, message }) => {
    reportLine({ end: fileStatuses[status], message: message ?? undefined })
  })
}`

/** Prepares a page so that a test of upstream reports its results. Returns the address to open. */
export async function prepareUpstream(page: Page, test: TestCase, server: Server): Promise<string> {
  await page.route('**/resources/testharnessreport.js', route =>
    route.fulfill({ contentType: 'text/javascript', body: reportScript }),
  )
  return pageBase(server, pageScheme(test)) + pagePath(test)
}

/** Prepares an empty page of the server so that it runs a port. Returns the address to open. */
export async function preparePort(
  page: Page,
  test: TestCase,
  server: Server,
  milliseconds: number,
  implementation: string,
): Promise<string> {
  await page.addInitScript(portScript(test, server, milliseconds, implementation))
  return portAddress(test, server)
}

/** The address of the empty page. */
export function portAddress(test: TestCase, server: Server): string {
  return `${pageBase(server, pageScheme(test))}/common/blank.html`
}

/** The script that runs a port in the empty page. It reports with the function `reportLine`, which has to be there. */
export function portScript(test: TestCase, server: Server, milliseconds: number, implementation: string): string {
  const { variant, scope } = test
  const job: Job = {
    ...{ test, variant, scope, milliseconds },
    classes: implementation === 'ours' ? `${libraryPath}entry/browser.js` : undefined,
    location: portAddress(test, server),
    base: webSocketBase(server, variant),
    ...{ results: '', timeoutMultiplier: 1 },
  }
  return `addEventListener('DOMContentLoaded', async () => {
    reportLine({ alive: true })
    const { runInPage } = await import('${modulePath}runner/child/port-page.js')
    runInPage(${JSON.stringify(job)})
  })`
}
