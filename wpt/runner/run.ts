import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expectations as ownExpectations } from '../expectations.ts'
import { authority } from '../server/certificate.ts'
import { inBatches } from './batches.ts'
import { openBrowser } from './browser.ts'
import { browserHosts } from './browser-hosts.ts'
import { chooseServer } from './choose-server.ts'
import { openFirefox } from './firefox.ts'
import { findImplementation, isInstalled } from './implementations.ts'
import { type Expectation, findExpectation, judge, type Verdict } from './judge.ts'
import { type Options, UsageError } from './options.ts'
import { inParallel } from './pool.ts'
import { findPortedTests } from './ports-suite.ts'
import type { FileResult, Subject } from './results.ts'
import { runInProcess, type Task, testEnvironment } from './run-process.ts'
import { findRuntime } from './runtimes.ts'
import { pageBase, type Server, webSocketBase } from './server.ts'
import { locationPath, type TestCase } from './test-case.ts'
import { findUpstreamTests } from './upstream-suite.ts'

/** A file that a run leaves out, and why. */
export interface NotRun {
  readonly test: TestCase
  readonly reason: string
}

export interface Run {
  readonly suite: 'upstream' | 'ports'
  readonly results: readonly FileResult[]
  readonly verdicts: readonly Verdict[]
  readonly notRun: readonly NotRun[]
}

/** Runs a batch of tests with one subject. `step` is called with each result. */
type Execute = (batch: readonly TestCase[], step: (result: FileResult) => void) => Promise<void>

/** A subject, and the function that runs tests with it. */
interface Candidate {
  readonly subject: Subject
  readonly execute: Execute
}

/** The tests that `options` choose, in all chosen scopes and variants. With a checkout also those that need a browser. */
export async function findTests(options: Options): Promise<TestCase[]> {
  const all = await (options.upstream === undefined ? findPortedTests() : findUpstreamTests(resolve(options.upstream)))
  return all.filter(
    test =>
      options.scopes.includes(test.scope) &&
      (options.variants === undefined || options.variants.includes(test.variant)) &&
      (options.filters.length === 0 || options.filters.some(filter => test.file.includes(filter))),
  )
}

/** Runs the tests that `options` choose. `begin` is called with the number of files, `step` with each result as it comes. */
export async function runTests(
  options: Options,
  begin: (total: number, server: string) => void,
  step: (result: FileResult) => void,
): Promise<Run> {
  const suite = options.upstream === undefined ? 'ports' : 'upstream'
  const tests = await findTests(options)
  const expectations = await readExpectations(options.expectations)
  const folder = await mkdtemp(join(tmpdir(), 'wpt-run-'))
  const closers: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })]
  try {
    // Browsers treat `localhost` specially, so they get upstream's host names, which browser.ts makes them resolve.
    const hosts = options.browser === undefined ? { host: 'localhost', alternateHost: '127.0.0.1' } : browserHosts
    const server = await chooseServer(options.server, options.upstream && resolve(options.upstream), hosts)
    closers.unshift(() => server.close())
    const candidates = await (options.browser === undefined
      ? processCandidates(options, server, folder)
      : browserCandidate(options, server, closers))
    const notRun = new Map<TestCase, string>()
    // What is left out for one subject is left out for all, so that each has the same tests.
    const chosen = tests.filter(test => {
      const reasons = candidates.map(({ subject }) => whyNot(test, subject, options, expectations))
      const reason = reasons.find(one => one !== undefined)
      if (reason !== undefined) notRun.set(test, reason)
      return reason === undefined
    })
    const work = candidates.flatMap(candidate =>
      inBatches(chosen, candidate.subject).map(batch => ({ candidate, batch })),
    )
    begin(
      work.reduce((sum, { batch }) => sum + batch.length, 0),
      server.name,
    )
    const results: FileResult[] = []
    await inParallel(work, options.jobs, ({ candidate, batch }) =>
      candidate.execute(batch, result => {
        results.push(result)
        step(result)
      }),
    )
    const isJudged = (name: string) => options.expectations !== undefined || !comparisons.has(name)
    const verdicts = judge(results, suite, expectations, isJudged)
    return { suite, results, verdicts, notRun: [...notRun].map(([test, reason]) => ({ test, reason })) }
  } finally {
    for (const close of closers) await close()
  }
}

/** Implementations to compare with. Without `--expectations`, nothing is expected of them. */
const comparisons = new Set(['native', 'ws', 'undici'])

const ONLY_OURS =
  'takes a jar of cookies, which only this package has an option for. In a browser, run the files of upstream'

function whyNot(
  test: TestCase,
  subject: Subject,
  options: Options,
  expectations: readonly Expectation[],
): string | undefined {
  if (options.browser === undefined && test.browserOnly !== undefined) return test.browserOnly
  if (test.takesCookies && (subject.implementation !== 'ours' || options.browser !== undefined)) return ONLY_OURS
  if (test.takesCookies && !isInstalled('tough-cookie')) return 'takes the package tough-cookie, which is not installed'
  // A variant that is named on the command line is run, whatever is expected of it.
  if (options.variants?.includes(test.variant)) return undefined
  return findExpectation(expectations, 'not run', { ...test, subject })?.reason
}

async function processCandidates(options: Options, server: Server, folder: string): Promise<Candidate[]> {
  const authorityPath = join(folder, 'authority.pem')
  await writeFile(authorityPath, authority)
  const environment = testEnvironment(authorityPath)
  const candidates: Candidate[] = []
  for (const name of options.runtimes) {
    const runtime = await findRuntime(name)
    for (const implementation of options.implementations) {
      const classes = findImplementation(implementation, runtime.kind)
      const subject = { implementation, runtime: runtime.label }
      const execute: Execute = (batch, step) => {
        const tasks = batch.map((test): Task => {
          const { variant, scope } = test
          return {
            test,
            variant,
            scope,
            classes,
            // http: for all variants: only browsers have policies about it, and not every host can fetch over HTTP/2.
            location: pageBase(server, 'http') + locationPath(test),
            base: webSocketBase(server, variant),
            milliseconds: options.seconds * 1000 * (test.long ? 6 : 1),
            timeoutMultiplier: options.seconds / 10,
          }
        })
        return runInProcess(tasks, runtime, subject, environment, step)
      }
      candidates.push({ subject, execute })
    }
  }
  return candidates
}

async function browserCandidate(
  options: Options,
  server: Server,
  closers: (() => Promise<void>)[],
): Promise<Candidate[]> {
  for (const name of options.implementations) {
    if (name !== 'native' && (name !== 'ours' || options.upstream !== undefined)) {
      throw new UsageError(`a browser runs native, and the ports with ours, not ${name}`)
    }
  }
  const open = options.browser === 'firefox' && options.upstream === undefined ? openFirefox : openBrowser
  const browser = await open(options.browser!, options.browserPath)
  closers.unshift(() => browser.close())
  return options.implementations.map(implementation => {
    const subject = { implementation, runtime: browser.label }
    const execute: Execute = async (batch, step) => {
      for (const test of batch) step(await browser.run(test, server, subject, options.seconds))
    }
    return { subject, execute }
  })
}

/** @throws {UsageError} when the file has no list of expectations */
async function readExpectations(path: string | undefined): Promise<readonly Expectation[]> {
  if (path === undefined) return ownExpectations
  const absolute = resolve(path)
  const list = absolute.endsWith('.json')
    ? (JSON.parse(await readFile(absolute, 'utf8')) as unknown)
    : ((await import(pathToFileURL(absolute).href)) as { expectations?: unknown }).expectations
  if (!Array.isArray(list)) throw new UsageError(`${path} has no list of expectations`)
  return list as readonly Expectation[]
}
