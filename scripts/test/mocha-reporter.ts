import { writeFileSync } from 'node:fs'
import process from 'node:process'
import Mocha from 'mocha'

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
}

interface Options {
  readonly output: string
  readonly grace: string
  /** `yes` prints each test, as mocha's reporter "spec" does; otherwise a line for each top-level `describe`. */
  readonly detailed: string
}

const { EVENT_RUN_END, EVENT_SUITE_BEGIN, EVENT_SUITE_END, EVENT_TEST_FAIL } = Mocha.Runner.constants

/**
 * Writes the counts to the file `output` as JSON, and ends a process that is still alive `grace` milliseconds after the last
 * test.
 */
export default class CountingReporter extends Mocha.reporters.Base {
  readonly #output: string
  readonly #failures: string[] = []
  #finished = false

  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options)
    const { output, grace, detailed } = options.reporterOptions as Options
    this.#output = output
    if (detailed === 'yes') new Mocha.reporters.Spec(runner, options)
    else this.#printSuites(runner)
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
      }, Number(grace)).unref()
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
    }
    writeFileSync(this.#output, JSON.stringify(report))
  }
}
