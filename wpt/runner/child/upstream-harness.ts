import vm from 'node:vm'
import { globalFlagsScript } from '../../server/checkout-files.ts'
import { readPage } from '../../server/test-metadata.ts'
import { fileStatuses, type Recorder, subtestStatuses } from '../results.ts'
import { installScope, reportError } from './environment.ts'
import type { Job } from './job.ts'
import { dispatch, pageLocation } from './page.ts'
import { fetchSync } from './sync-fetch.ts'

/** A classic script of a page. */
interface Script {
  readonly url: string
  readonly source: string
}

/** The parts of the arguments of the harness's callbacks that are read here. */
interface HarnessTest {
  readonly name: string
  readonly status: number
  readonly message: string | null
}

interface HarnessScope {
  readonly add_result_callback: (callback: (test: HarnessTest) => void) => void
  readonly add_completion_callback: (callback: (tests: HarnessTest[], status: HarnessTest) => void) => void
  readonly setup: (properties: object) => void
  readonly timeout: () => void
  readonly done: () => void
}

/** Runs one test of upstream in this global scope, with upstream's own harness. Results go to the record. */
export async function runUpstreamTest(job: Job, record: Recorder): Promise<void> {
  const { test, scope } = job
  const page = await loadPage(job)
  installScope(scope, { title: page.title, longTimeout: test.long }, importScript)
  const harnessAddress = new URL('/resources/testharness.js', pageLocation().href).href
  const harnessScript = { url: harnessAddress, source: await fetchText(harnessAddress) }
  runScript({ url: 'flags', source: globalFlagsScript(scope) })
  runScript(harnessScript)
  const harness = globalThis as unknown as HarnessScope
  harness.setup({ output: false, timeout_multiplier: job.timeoutMultiplier })
  harness.add_result_callback(({ name, status, message }) => {
    record.subtest({ name, status: subtestStatuses[status]!, ...(message === null ? {} : { message }) })
  })
  harness.add_completion_callback((_tests, { status, message }) => {
    record.end(fileStatuses[status]!, message ?? undefined)
  })
  for (const script of page.scripts) {
    try {
      runScript(script)
    } catch (error) {
      reportError(error)
    }
  }
  if (scope === 'window') {
    setTimeout(() => dispatch(new Event('load')), 0)
  } else {
    // In a worker the harness has no time limit: in a browser, the page that waits for the worker has it.
    setTimeout(() => harness.timeout(), job.milliseconds)
    if (test.file.endsWith('.any.js')) harness.done()
  }
}

/** Runs a script, unless it is the harness: that is loaded already, and a second one would not report to us. */
function importScript(url: string): void {
  if (isHarness(url)) return
  const { status, body } = fetchSync(url)
  if (status !== 200) throw new Error(`importScripts: ${url} answers ${status}`)
  runScript({ url, source: body })
}

/** Runs a classic script. Unlike with `eval`, its top-level `const` and `let` are visible to later scripts. */
function runScript({ url, source }: Script): void {
  vm.runInThisContext(source, { filename: url })
}

async function loadPage({ test }: Job): Promise<{ title: string | undefined; scripts: Script[] }> {
  const directory = new URL(`/websockets/${test.file}`, pageLocation().href).href
  if (!test.file.endsWith('.html')) {
    const addresses = [...test.scripts, directory].map(src => new URL(src, directory).href)
    const scripts = test.scope === 'worker' && test.file.endsWith('.worker.js') ? [directory] : addresses
    return { title: test.title, scripts: await Promise.all(scripts.map(load)) }
  }
  const bytes = await fetchBytes(directory + pageLocation().search)
  const { charset } = readPage(new TextDecoder('latin1').decode(bytes))
  const page = readPage(new TextDecoder(charset).decode(bytes))
  const scripts: Script[] = []
  for (const [index, script] of page.inline.entries()) {
    if ('text' in script) scripts.push({ url: `${directory}#script${index}`, source: script.text })
    else if (!isHarness(script.src)) scripts.push(await load(new URL(script.src, directory).href))
  }
  return { title: page.title, scripts }
}

/** Whether a script is part of the harness, which this runner loads or replaces itself. */
function isHarness(src: string): boolean {
  return /\/(testharness|testharnessreport)\.js$/.test(src)
}

async function load(url: string): Promise<Script> {
  return { url, source: await fetchText(url) }
}

async function fetchText(url: string): Promise<string> {
  return new TextDecoder().decode(await fetchBytes(url))
}

async function fetchBytes(url: string): Promise<ArrayBuffer> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url} answers ${response.status}`)
  return await response.arrayBuffer()
}
