import { appendFileSync } from 'node:fs'
import process from 'node:process'
import type { FileStatus, Recorder, ReportLine, SubtestResult } from '../results.ts'

/**
 * Writes the results of a test file, to a file and not to a pipe: each line is written at once, from every thread of every
 * runtime, and is kept if the process hangs or crashes.
 */
export class Record implements Recorder {
  readonly #path: string
  readonly #start = performance.now()
  /** Resolves when it is known how the file ended. */
  readonly ended: Promise<void>
  #resolve!: () => void
  #isEnded = false
  #hangs = false

  /** Creates the file, by which the runner knows that the test has begun. */
  constructor(path: string) {
    this.#path = path
    this.ended = new Promise(resolve => {
      this.#resolve = resolve
    })
    appendFileSync(path, '')
  }

  subtest(subtest: SubtestResult): void {
    if (this.#isEnded) return
    if (subtest.status === 'TIMEOUT') this.#hangs = true
    this.#append({ subtest })
  }

  end(end: FileStatus, message?: string): void {
    if (this.#isEnded) return
    this.#isEnded = true
    const milliseconds = performance.now() - this.#start
    this.#append(message === undefined ? { end, milliseconds } : { end, message, milliseconds })
    this.#resolve()
  }

  /** Whether a subtest has timed out, and may still be running. */
  get hangs(): boolean {
    return this.#hangs
  }

  /** Records that the file ended with an error, and ends the process. */
  giveUp(message: string): void {
    this.end('ERROR', message)
    process.exit(0)
  }

  #append(line: ReportLine): void {
    appendFileSync(this.#path, `${JSON.stringify(line)}\n`)
  }
}
