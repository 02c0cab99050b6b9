/** The result of a suite. A suite that broke, or ran no test, counts as a failed test. */
export interface SuiteResult {
  readonly name: string
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** Lines for the summary: why a suite broke, which tests failed, what was left out. */
  readonly notes: readonly string[]
}

/** The last line of a run, and the exit code. A run without any test has failed. */
export function closingLine(results: readonly SuiteResult[]): { line: string; exitCode: 0 | 1 } {
  const sum = (key: 'passed' | 'failed' | 'skipped') => results.reduce((total, result) => total + result[key], 0)
  const passed = sum('passed')
  const failed = sum('failed') + (passed + sum('failed') === 0 ? 1 : 0)
  return { line: `${passed} passed, ${failed} failed, ${sum('skipped')} skipped`, exitCode: failed === 0 ? 0 : 1 }
}

/** One line of the summary for a suite, and its notes below. */
export function describeSuite({ name, passed, failed, skipped, notes }: SuiteResult): string {
  const counts = `${passed} passed, ${failed} failed, ${skipped} skipped`
  return [`${name}: ${counts}`, ...notes.map(note => `  ${note}`)].join('\n')
}
