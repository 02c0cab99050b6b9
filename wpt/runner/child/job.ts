import type { Scope, Variant } from '../../port.ts'
import type { TestCase } from '../test-case.ts'

/** One file to run. The test process gets a list of jobs as JSON in its first argument. */
export interface Job {
  readonly test: TestCase
  readonly variant: Variant
  readonly scope: Scope
  /** The address of the module that exports the classes; undefined for the runtime's own. */
  readonly classes: string | undefined
  /** The value of `location.href`. */
  readonly location: string
  /** `scheme://host:port` of the WebSocket server. */
  readonly base: string
  /** Path of the file that results are appended to, each as a line of JSON. */
  readonly results: string
  /** Milliseconds after which a test that reports nothing is given up; for a long test, already multiplied. */
  readonly milliseconds: number
  /** Factor for the time limits of upstream's harness. */
  readonly timeoutMultiplier: number
}
