import { writeFileSync } from 'node:fs'
import process from 'node:process'
import Mocha from 'mocha'

/** What the reporter leaves in its file. `finished` is false if the process ended before the last test did. */
export interface MochaReport {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly finished: boolean
  /** The names of the tests that failed. */
  readonly failures: readonly string[]
  /** What kept the process alive after the last test, if anything did. */
  readonly leftOpen: readonly string[]
}

interface Options {
  readonly output: string
  readonly grace: string
  /** `yes` prints each test, as mocha's own reporter does; else one line for each `describe` at the top. */
  readonly detailed: string
}

const { EVENT_RUN_END, EVENT_SUITE_BEGIN, EVENT_SUITE_END, EVENT_TEST_FAIL } = Mocha.Runner.constants

/**
 * Leaves the counts in the file that the option `output` names, and ends a process that does not end by itself within
 * `grace` milliseconds after the last test.
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

    // Whatever ends the process, the file tells how far it came.
    const onExit = (): void => this.#write([])
    process.on('exit', onExit)
    runner.once(EVENT_RUN_END, () => {
      this.#finished = true
      // It only fires if something else keeps the process alive, which is a test that did not clean up.
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
      // Without an end of the line, so that it shows which suite is running.
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
