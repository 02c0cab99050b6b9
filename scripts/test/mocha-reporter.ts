import { writeFileSync } from 'node:fs'
import process from 'node:process'
import Mocha from 'mocha'
import { type Moment, now, since, type Times } from './times.ts'

/** The content of the report file. `finished` is false if the process ended before the last test. */
export interface MochaReport {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly finished: boolean
  /** The names of the tests that failed. */
  readonly failures: readonly string[]
  /** The resources that kept the process alive after the last test. */
  readonly leftOpen: readonly string[]
  readonly times: Times
}

export interface ReporterOptions {
  /** The path of the report file. */
  readonly output: string
  /** Milliseconds that the process may take to end after the last test. */
  readonly grace: number
  /** Prints each test, as mocha's reporter "spec" does; otherwise a line for each top-level `describe`. */
  readonly detailed: boolean
}

const { EVENT_RUN_END, EVENT_SUITE_BEGIN, EVENT_SUITE_END, EVENT_TEST_BEGIN, EVENT_TEST_END, EVENT_TEST_FAIL } =
  Mocha.Runner.constants

/**
 * Writes the counts to the file `output` as JSON, and ends a process that is still alive `grace` milliseconds after the last
 * test.
 */
export default class CountingReporter extends Mocha.reporters.Base {
  readonly #output: string
  readonly #failures: string[] = []
  readonly #times: Times = { files: [], tests: [] }
  #finished = false

  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options)
    const { output, grace, detailed } = options.reporterOptions as ReporterOptions
    this.#output = output
    if (detailed) new Mocha.reporters.Spec(runner, options)
    else this.#printSuites(runner)
    this.#measure(runner)
    runner.on(EVENT_TEST_FAIL, test => this.#failures.push(test.fullTitle()))

    // Written at exit too, so that a process that ends early still reports its counts.
    const onExit = (): void => this.#write([])
    process.on('exit', onExit)
    runner.once(EVENT_RUN_END, () => {
      this.#finished = true
      // The timer is unreferenced: it fires only if a test left something open that keeps the process alive.
      setTimeout(() => {
        this.#write(process.getActiveResourcesInfo())
        process.off('exit', onExit)
        process.exit(1)
      }, grace).unref()
    })
  }

  #measure(runner: Mocha.Runner): void {
    let suiteBegan: Moment
    let testBegan: Moment
    runner.on(EVENT_SUITE_BEGIN, suite => {
      if (suite.parent?.root === true) suiteBegan = now()
    })
    runner.on(EVENT_SUITE_END, suite => {
      if (suite.parent?.root === true) this.#times.files.push({ name: suite.file ?? suite.title, ...since(suiteBegan) })
    })
    runner.on(EVENT_TEST_BEGIN, () => {
      testBegan = now()
    })
    runner.on(EVENT_TEST_END, test => {
      // A test that is skipped does not begin.
      if (!test.isPending()) this.#times.tests.push({ name: test.fullTitle(), ...since(testBegan) })
    })
  }

  #printSuites(runner: Mocha.Runner): void {
    let before = { ...this.stats }
    runner.on(EVENT_SUITE_BEGIN, suite => {
      if (suite.parent?.root !== true) return
      before = { ...this.stats }
      // No line break yet, so that one sees which suite is running.
      process.stdout.write(`  ${suite.title}: `)
    })
    runner.on(EVENT_SUITE_END, suite => {
      if (suite.parent?.root !== true) return
      const { passes, failures, pending } = this.stats
      const counts = [`${passes - before.passes} passed`]
      if (failures > before.failures) counts.push(`${failures - before.failures} FAILED`)
      if (pending > before.pending) counts.push(`${pending - before.pending} skipped`)
      process.stdout.write(`${counts.join(', ')}\n`)
    })
    runner.once(EVENT_RUN_END, () => this.epilogue())
  }

  #write(leftOpen: readonly string[]): void {
    const { passes, failures, pending } = this.stats
    const report: MochaReport = {
      passed: passes,
      failed: failures,
      skipped: pending,
      finished: this.#finished,
      failures: this.#failures,
      leftOpen,
      times: this.#times,
    }
    writeFileSync(this.#output, JSON.stringify(report))
  }
}
