import type { Scope, Variant } from '../port.ts'

export type Status = 'PASS' | 'FAIL' | 'TIMEOUT' | 'NOTRUN' | 'PRECONDITION_FAILED'

/** What the numbers of upstream's harness for a subtest mean. */
export const subtestStatuses: readonly Status[] = ['PASS', 'FAIL', 'TIMEOUT', 'NOTRUN', 'PRECONDITION_FAILED']

/** How a whole file ended. CRASH: its process went away before it said that it was done. */
export type FileStatus = 'OK' | 'ERROR' | 'TIMEOUT' | 'CRASH' | 'PRECONDITION_FAILED'

/** What the numbers of upstream's harness for a whole file mean. */
export const fileStatuses: readonly FileStatus[] = ['OK', 'ERROR', 'TIMEOUT', 'PRECONDITION_FAILED']

export interface SubtestResult {
  readonly name: string
  readonly status: Status
  readonly message?: string
}

/** One implementation in one runtime: a column of the tables. */
export interface Subject {
  /** `ours`, `native`, `ws`, `undici`, or the path of a module. */
  readonly implementation: string
  /** Name and version, such as `node 20.20.2`. */
  readonly runtime: string
}

/** One file, in one variant and scope, for one subject. */
export interface FileResult {
  /** Below `websockets/`. */
  readonly file: string
  /** As upstream writes it, such as `?wss`; the ports have the variant's name here. */
  readonly query: string
  readonly variant: Variant
  readonly scope: Scope
  readonly subject: Subject
  readonly status: FileStatus
  readonly message?: string
  readonly subtests: readonly SubtestResult[]
  readonly milliseconds: number
}

/** What takes the results of one file as they come. */
export interface Recorder {
  subtest(subtest: SubtestResult): void
  /** Says how the file ended. The first word counts. */
  end(status: FileStatus, message?: string): void
}

/** What a test tells as it runs; the last line says how the file ended. */
export type ReportLine =
  | { readonly subtest: SubtestResult }
  | { readonly end: FileStatus; readonly message?: string; readonly milliseconds?: number }

/** The result that the lines of a test amount to. `silence` is for one that never said how it ended. */
export function resultOf(
  test: Pick<FileResult, 'file' | 'query' | 'variant' | 'scope'>,
  subject: Subject,
  lines: readonly ReportLine[],
  silence: { readonly status: FileStatus; readonly message: string },
  start: number,
): FileResult {
  const { file, query, variant, scope } = test
  const end = lines.find(line => 'end' in line)
  const { status, message } = end === undefined ? silence : { status: end.end, message: end.message }
  const subtests = lines.flatMap((line): SubtestResult[] => ('subtest' in line ? [line.subtest] : []))
  const milliseconds = Math.round(end?.milliseconds ?? performance.now() - start)
  const result = { file, query, variant, scope, subject, status, subtests, milliseconds }
  return message === undefined ? result : { ...result, message }
}

export function labelOf({ implementation, runtime }: Subject): string {
  return `${implementation} / ${runtime}`
}

export interface Count {
  readonly passed: number
  readonly total: number
}

export function count(results: Iterable<FileResult>): Count {
  let passed = 0
  let total = 0
  for (const result of results) {
    total += result.subtests.length
    passed += result.subtests.filter(subtest => subtest.status === 'PASS').length
    // A file that broke counts as one more that did not pass: its missing subtests would flatter the sum.
    if (result.status !== 'OK') total++
  }
  return { passed, total }
}
