import type { Scope, Variant } from '../../port.ts'
import type { TestCase } from '../test-case.ts'

/** One file for the process of tests, which is told its jobs as the JSON of its first argument. */
export interface Job {
  readonly test: TestCase
  readonly variant: Variant
  readonly scope: Scope
  /** The address of the module that exports the classes; undefined for the runtime's own. */
  readonly classes: string | undefined
  /** What `location.href` is to be. */
  readonly location: string
  /** `scheme://host:port` of the WebSocket server. */
  readonly base: string
  /** The file to append the results to, a line of JSON each. */
  readonly results: string
  /** After how long a test that says nothing is given up, without the harness's own multiplier for long ones. */
  readonly milliseconds: number
  /** How much longer than usual tests may take. */
  readonly timeoutMultiplier: number
}
