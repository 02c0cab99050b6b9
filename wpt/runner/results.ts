import type { Scope, Variant } from '../port.ts'

export type Status = 'PASS' | 'FAIL' | 'TIMEOUT' | 'NOTRUN' | 'PRECONDITION_FAILED'

/** The statuses of subtests, by their number in upstream's harness. */
export const subtestStatuses: readonly Status[] = ['PASS', 'FAIL', 'TIMEOUT', 'NOTRUN', 'PRECONDITION_FAILED']

/** How a whole file ended. CRASH: its process ended before it reported the end of the file. */
export type FileStatus = 'OK' | 'ERROR' | 'TIMEOUT' | 'CRASH' | 'PRECONDITION_FAILED'

/** The statuses of files, by their number in upstream's harness. */
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
  /** The query of upstream's page, such as `?wss`. */
  readonly query: string
  readonly variant: Variant
  readonly scope: Scope
  readonly subject: Subject
  readonly status: FileStatus
  readonly message?: string
  readonly subtests: readonly SubtestResult[]
  readonly milliseconds: number
}

/** Receives the results of one file as they come. */
export interface Recorder {
  subtest(subtest: SubtestResult): void
  /** Records how the file ended. Only the first call counts. */
  end(status: FileStatus, message?: string): void
}

/** A line that a running test reports. `alive` is that of a page that has nothing else to report; the last line says how the file ended. */
export type ReportLine =
  | { readonly alive: true }
  | { readonly subtest: SubtestResult }
  | { readonly end: FileStatus; readonly message?: string; readonly milliseconds?: number }

/** Makes the result of a file from its lines. `silence` is the status if no line says how it ended. */
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

/** Counts subtests. A file that broke has at least one that did not pass. */
export function count(results: Iterable<FileResult>): Count {
  let passed = 0
  let total = 0
  for (const { status, subtests } of results) {
    const all = status === 'OK' ? subtests.length : Math.max(1, subtests.length)
    const good = subtests.filter(subtest => subtest.status === 'PASS').length
    total += all
    passed += status === 'OK' ? good : Math.min(good, all - 1)
  }
  return { passed, total }
}

/**
 * Gives every subject the same subtests, so that their numbers compare: those that a file did not get to for one subject, but
 * did for another, are added as not run.
 */
export function withSameSubtests(results: readonly FileResult[]): FileResult[] {
  const placeOf = ({ file, query, scope }: FileResult): string => [file, query, scope].join(' ')
  const names = new Map<string, Set<string>>()
  for (const result of results) {
    const known = names.get(placeOf(result)) ?? new Set()
    for (const { name } of result.subtests) known.add(name)
    names.set(placeOf(result), known)
  }
  return results.map(result => {
    const own = new Set(result.subtests.map(({ name }) => name))
    const missing = [...names.get(placeOf(result))!].filter(name => !own.has(name))
    if (missing.length === 0) return result
    return { ...result, subtests: [...result.subtests, ...missing.map(name => ({ name, status: 'NOTRUN' as const }))] }
  })
}
