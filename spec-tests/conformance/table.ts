export interface GroupResult {
  readonly name: string
  readonly strict: number
  readonly failed: number
}

/** The table of docs/security.md, in Markdown. */
export function describeTable(results: readonly GroupResult[]): string {
  const all = {
    name: 'All',
    strict: results.reduce((sum, { strict }) => sum + strict, 0),
    failed: results.reduce((sum, { failed }) => sum + failed, 0),
  }
  return [
    '| Cases | strict | failed |',
    '|---|---:|---:|',
    ...[...results, all].map(({ name, strict, failed }) => `| ${name} | ${strict} | ${failed} |`),
  ].join('\n')
}
