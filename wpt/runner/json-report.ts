import type { Run } from './run.ts'

/** The results as JSON: files with their subtests, verdicts, and the files that were not run with the reasons. */
export function jsonReport({ suite, results, verdicts, notRun }: Run): string {
  const report = {
    suite,
    results,
    verdicts: verdicts.map(({ result: { file, query, scope, subject }, subtest, kind, message }) => {
      return { file, query, scope, subject, subtest, kind, message }
    }),
    notRun: notRun.map(({ test: { file, query, scope }, reason }) => ({ file, query, scope, reason })),
  }
  return `${JSON.stringify(report, null, 1)}\n`
}
