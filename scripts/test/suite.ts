/** What came of a suite. One that broke, or ran nothing, counts as a failure of its own. */
export interface SuiteResult {
  readonly name: string
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** What a person has to know beside the numbers: why a suite broke, or what was left out. */
  readonly notes: readonly string[]
}

/** The line that ends a run. No suite, or suites without a single test, are a failure. */
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
