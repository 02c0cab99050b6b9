import process from 'node:process'
import type { Verdict } from './judge.ts'
import { count, type FileResult, labelOf } from './results.ts'
import { countsTable } from './tables.ts'

/** Shows the progress of a run: in one line on a terminal, otherwise in a line for each tenth of it. */
export class Progress {
  readonly #total: number
  #done = 0
  #broken = 0
  #tenths = 0

  constructor(total: number) {
    this.#total = total
  }

  step(result: FileResult): void {
    this.#done++
    const { passed, total } = count([result])
    if (passed < total) this.#broken++
    const text = `${this.#done} of ${this.#total} files, ${this.#broken} with failures`
    if (process.stdout.isTTY) {
      process.stdout.write(`\r\x1b[2K${text}: ${result.file}`.slice(0, (process.stdout.columns ?? 80) + 4))
    } else if (Math.floor((this.#done * 10) / this.#total) > this.#tenths) {
      this.#tenths = Math.floor((this.#done * 10) / this.#total)
      console.log(text)
    }
  }

  end(): void {
    if (process.stdout.isTTY) process.stdout.write('\r\x1b[2K')
  }
}

/** Prints the numbers of passed and of all subtests: a line per subject, a column per scope and variant. */
export function printTable(results: readonly FileResult[]): void {
  const table = countsTable(results)
  const widths = table[0]!.map((_text, index) => Math.max(...table.map(row => row[index]!.length)))
  for (const row of table) {
    console.log(
      row.map((text, index) => (index === 0 ? text.padEnd(widths[0]!) : text.padStart(widths[index]!))).join('  '),
    )
  }
}

/** Prints unexpected results, and the number of expected failures by their reason. */
export function printVerdicts(verdicts: readonly Verdict[]): void {
  for (const { result, subtest, kind, message } of verdicts) {
    if (kind === 'expected failure') continue
    const place = `${result.file}${result.query} in ${result.scope}, ${labelOf(result.subject)}`
    console.log(`\n${bold(kind)}: ${place}\n  ${subtest}\n  ${message.replaceAll('\n', '\n  ')}`)
  }
  const reasons = new Map<string, number>()
  for (const { kind, message } of verdicts) {
    if (kind === 'expected failure') reasons.set(message, (reasons.get(message) ?? 0) + 1)
  }
  for (const [reason, times] of reasons) console.log(`\nexpected, ${times} times: ${reason}`)
}

function bold(text: string): string {
  return process.stdout.isTTY ? `\x1b[1m${text}\x1b[22m` : text
}
