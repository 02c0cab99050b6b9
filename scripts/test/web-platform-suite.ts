import { readFile } from 'node:fs/promises'
import { type ChildOptions, runNode } from './child.ts'
import type { SuiteResult } from './suite.ts'

/** Milliseconds after which a run counts as hanging. */
const LIMIT = 30 * 60_000
/** Most failures that the summary names. The runner describes all. */
const MAX_NAMED = 20

/** The part of the JSON report of the web-platform-tests runner that is read here. */
interface Report {
  readonly results: readonly { readonly status: string; readonly subtests: readonly { readonly status: string }[] }[]
  readonly verdicts: readonly {
    readonly kind: string
    readonly subtest: string
    readonly result: { readonly file: string; readonly query: string; readonly scope: string }
  }[]
  readonly notRun: readonly { readonly reason: string }[]
}

/**
 * Runs the ported web-platform-tests, in two processes at a time. A subtest that fails as the expectations say counts as
 * skipped. An unexpected failure counts as failed, and so does an unexpected pass.
 *
 * @param program path of the runner
 * @param output path for the report that the runner writes
 * @param options `writesTo`: where its standard output goes, as for any child
 */
export async function runWebPlatformTests(
  program: string,
  output: string,
  { writesTo }: { writesTo?: ChildOptions['output'] } = {},
): Promise<SuiteResult> {
  const name = 'web-platform-tests'
  const ending = await runNode([program, '--impl', 'ours', '--json', output], {
    limit: LIMIT,
    output: writesTo,
  })
  const report = await readReport(output)
  if (report === undefined) {
    const how = ending.broken ?? `ended with code ${ending.exitCode}`
    return { name, passed: 0, failed: 1, skipped: 0, notes: [`the runner ${how} and left no report`] }
  }
  const passed = report.results.flatMap(result => result.subtests).filter(({ status }) => status === 'PASS').length
  const of = (kind: string) => report.verdicts.filter(verdict => verdict.kind === kind).length
  const surprises = of('unexpected pass')
  const failures = report.verdicts.length - surprises - of('expected failure')
  const notes: string[] = []
  if (ending.broken !== undefined) notes.push(`the runner ${ending.broken}`)
  else if (ending.exitCode !== (surprises + failures === 0 ? 0 : 1)) {
    notes.push(`the runner ended with code ${ending.exitCode}`)
  }
  if (passed === 0) notes.push('no test passed')
  const failed = failures + surprises + notes.length
  const unexpected = report.verdicts.filter(({ kind }) => kind !== 'expected failure')
  for (const { kind, subtest, result } of unexpected.slice(0, MAX_NAMED)) {
    notes.push(`${kind}: ${result.file}${result.query} in ${result.scope}: ${subtest}`)
  }
  if (unexpected.length > MAX_NAMED) notes.push(`and ${unexpected.length - MAX_NAMED} more`)
  if (of('expected failure') > 0) notes.push(`${of('expected failure')} failed as expected, and count as skipped`)
  if (report.notRun.length > 0) notes.push(`${report.notRun.length} files were not run; each has its reason above`)
  return { name, passed: passed - surprises, failed, skipped: of('expected failure') + report.notRun.length, notes }
}

async function readReport(path: string): Promise<Report | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Report
  } catch {
    return undefined
  }
}
