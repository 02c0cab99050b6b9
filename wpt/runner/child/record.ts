import { appendFileSync } from 'node:fs'
import process from 'node:process'
import type { FileStatus, Recorder, ReportLine, SubtestResult } from '../results.ts'

/**
 * Writes results to a file and not to a pipe: at once, from every thread of every runtime, and what was written survives a
 * process that hangs or crashes.
 */
export class Record implements Recorder {
  readonly #path: string
  #ended = false

  constructor(path: string) {
    this.#path = path
  }

  subtest(subtest: SubtestResult): void {
    if (!this.#ended) this.#append({ subtest })
  }

  /** Says how the file ended, and ends the process with it. The first word counts. */
  end(end: FileStatus, message?: string): void {
    if (this.#ended) return
    this.#ended = true
    this.#append(message === undefined ? { end } : { end, message })
    process.exit(0)
  }

  #append(line: ReportLine): void {
    appendFileSync(this.#path, `${JSON.stringify(line)}\n`)
  }
}
