import { writeFileSync } from 'node:fs'
import process from 'node:process'
import Mocha from 'mocha'

/** What the reporter leaves in its file. `finished` is false if the process ended before the last test did. */
export interface MochaReport {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly finished: boolean
  /** What kept the process alive after the last test, if anything did. */
  readonly leftOpen: readonly string[]
}

/**
 * The `spec` reporter, which also leaves the counts in the file that the option `output` names, and ends a process that
 * does not end by itself within `grace` milliseconds after the last test.
 */
export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options)
    const { output, grace } = options.reporterOptions as { output: string; grace: string }
    let finished = false
    const write = (leftOpen: readonly string[]): void => {
      const { passes, failures, pending } = this.stats
      const report: MochaReport = { passed: passes, failed: failures, skipped: pending, finished, leftOpen }
      writeFileSync(output, JSON.stringify(report))
    }
    // Whatever ends the process, the file tells how far it came.
    const onExit = (): void => write([])
    process.on('exit', onExit)
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      finished = true
      // It only fires if something else keeps the process alive, which is a test that did not clean up.
      setTimeout(() => {
        write(process.getActiveResourcesInfo())
        process.off('exit', onExit)
        process.exit(1)
      }, Number(grace)).unref()
    })
  }
}
