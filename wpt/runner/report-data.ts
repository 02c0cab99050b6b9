import type { AboutRun } from './about-run.ts'
import { count, type FileResult, labelOf, withSameSubtests } from './results.ts'
import type { Run } from './run.ts'

/** The data of a report page, which its script gets as JSON. */
export interface ReportData {
  readonly title: string
  /** The labels of the columns. */
  readonly subjects: readonly string[]
  readonly rows: readonly ReportRow[]
  readonly about: AboutRun
  /** By the reason, those with the most files first. */
  readonly notRun: readonly { readonly reason: string; readonly files: readonly string[] }[]
}

export interface ReportRow {
  readonly file: string
  readonly runs: readonly ReportRun[]
}

/** A file in one variant and scope, by one subject. */
export interface ReportRun {
  /** The index of the column. */
  readonly subject: number
  readonly variant: string
  readonly scope: string
  readonly passed: number
  readonly total: number
  readonly failures: readonly ReportFailure[]
}

export interface ReportFailure {
  readonly subtest: string
  readonly message: string
  /** Why the failure was expected; undefined if it was not. */
  readonly expected?: string
}

export function reportData({ suite, results, verdicts, notRun }: Run, about: AboutRun): ReportData {
  const subjects = [...new Set(results.map(({ subject }) => labelOf(subject)))]
  const expected = new Map<FileResult, Map<string, string>>()
  for (const { result, subtest, kind, message } of verdicts) {
    if (kind !== 'expected failure') continue
    if (!expected.has(result)) expected.set(result, new Map())
    expected.get(result)!.set(subtest, message)
  }
  const rows = new Map<string, ReportRun[]>()
  const complete = withSameSubtests(results)
  for (const [index, result] of results.entries()) {
    if (!rows.has(result.file)) rows.set(result.file, [])
    rows.get(result.file)!.push({
      subject: subjects.indexOf(labelOf(result.subject)),
      variant: result.variant,
      scope: result.scope,
      ...count([complete[index]!]),
      failures: failuresOf(result, expected.get(result) ?? new Map()),
    })
  }
  return {
    title: suite === 'upstream' ? 'web-platform-tests of WebSockets' : 'web-platform-tests of WebSockets, as ported',
    about: [...about, ['Implementations', subjects.join('; ')]],
    subjects,
    rows: [...rows].map(([file, runs]) => ({ file, runs })).sort((one, other) => (one.file < other.file ? -1 : 1)),
    notRun: byReason(notRun),
  }
}

function byReason(notRun: Run['notRun']): ReportData['notRun'] {
  const files = new Map<string, string[]>()
  for (const { test, reason } of notRun) {
    if (!files.has(reason)) files.set(reason, [])
    files.get(reason)!.push(`${test.file}${test.query} in ${test.scope}`)
  }
  return [...files]
    .map(([reason, names]) => ({ reason, files: names }))
    .sort((one, other) => other.files.length - one.files.length)
}

function failuresOf(result: FileResult, expected: ReadonlyMap<string, string>): ReportFailure[] {
  const whole = { name: '(file)', status: result.status === 'OK' ? 'PASS' : result.status, message: result.message }
  return [whole, ...result.subtests].flatMap(({ name, status, message }): ReportFailure[] => {
    if (status === 'PASS') return []
    const failure = { subtest: name, message: message ? `${status}: ${message}` : status }
    const reason = expected.get(name)
    return [reason === undefined ? failure : { ...failure, expected: reason }]
  })
}
