import type { Scope, Variant } from '../port.ts'
import type { FileResult, Subject } from './results.ts'

/**
 * Tests that are known not to pass, and why. A `*` in a pattern stands for any text. A member that is left out matches everything.
 * A subtest is expected to fail if at least one expectation matches.
 */
export interface Expectation {
  readonly implementation: string
  /** A pattern for the runtime and its version, such as `node 20.*`. */
  readonly runtime?: string
  readonly suite?: 'upstream' | 'ports'
  /** A pattern for the path below `websockets/`. */
  readonly file?: string
  readonly variant?: Variant
  readonly scope?: Scope
  /** A pattern for the name of a subtest. A file that breaks as a whole is the subtest `(file)`. */
  readonly subtest?: string
  /** `fail`: the test is run, and passing is an error. `varies`: it may pass or fail. `not run`: the test is left out. */
  readonly outcome: 'fail' | 'varies' | 'not run'
  readonly reason: string
}

export interface Verdict {
  readonly result: FileResult
  readonly subtest: string
  /** `failure`: of an implementation to compare with, of which nothing is expected. */
  readonly kind: 'unexpected failure' | 'unexpected pass' | 'expected failure' | 'failure'
  readonly message: string
}

export function findExpectation(
  expectations: readonly Expectation[],
  outcome: Expectation['outcome'],
  test: {
    file: string
    variant: Variant
    scope: Scope
    suite: 'upstream' | 'ports'
    subject: Subject
    subtest?: string
  },
): Expectation | undefined {
  return expectations.find(
    expectation =>
      expectation.outcome === outcome &&
      expectation.implementation === test.subject.implementation &&
      (expectation.suite ?? test.suite) === test.suite &&
      (expectation.variant ?? test.variant) === test.variant &&
      (expectation.scope ?? test.scope) === test.scope &&
      matches(expectation.runtime, test.subject.runtime) &&
      matches(expectation.file, test.file) &&
      matches(expectation.subtest, test.subtest ?? '*'),
  )
}

/**
 * A verdict on each subtest that failed, or passed although it was expected to fail. `isJudged` says whether an implementation is
 * expected to pass; the failures of others are no errors.
 */
export function judge(
  results: readonly FileResult[],
  suite: 'upstream' | 'ports',
  expectations: readonly Expectation[],
  isJudged: (implementation: string) => boolean,
): Verdict[] {
  const verdicts: Verdict[] = []
  for (const result of results) {
    const whole = { name: '(file)', status: result.status === 'OK' ? 'PASS' : result.status, message: result.message }
    for (const { name, status, message } of [whole, ...result.subtests]) {
      const one = { ...result, suite, subtest: name }
      const varies = findExpectation(expectations, 'varies', one)
      if (status === 'PASS' && varies !== undefined) continue
      const expectation = varies ?? findExpectation(expectations, 'fail', one)
      if (status === 'PASS' && (expectation === undefined || name === '(file)')) continue
      const told = message === undefined || message === '' ? status : `${status}: ${message}`
      if (status === 'PASS') {
        verdicts.push({
          result,
          subtest: name,
          kind: 'unexpected pass',
          message: `was to fail: ${expectation!.reason}`,
        })
      } else {
        const unexpected = isJudged(result.subject.implementation) ? 'unexpected failure' : 'failure'
        const kind = expectation === undefined ? unexpected : 'expected failure'
        verdicts.push({ result, subtest: name, kind, message: expectation?.reason ?? told })
      }
    }
  }
  return verdicts
}

/** Whether `text` matches a pattern, in which a `*` stands for any text. Without a pattern all texts match. */
export function matches(pattern: string | undefined, text: string): boolean {
  if (pattern === undefined) return true
  const parts = pattern.split('*').map(part => part.replace(/[\\^$.+?()[\]{}|/]/g, '\\$&'))
  return new RegExp(`^${parts.join('[\\s\\S]*')}$`).test(text)
}
