import type { RuntimeKind } from '../runtimes/runtimes.ts'

/** The parts of spec-tests/ that run on a runtime, and why the others do not. */
export interface Parts {
  /** What the path of a file has one of. */
  readonly run: readonly string[]
  /** Files among them that are left out. */
  readonly leftOut: readonly string[]
  readonly reason: string
}

export const partsOf: Readonly<Record<Exclude<RuntimeKind, 'node' | 'workerd'>, Parts>> = {
  bun: {
    run: [
      'reading/',
      'rfc6455/',
      'rfc7692/',
      'rfc8441/',
      'rfc9112/',
      'functions/',
      'options/cookies',
      'options/http2-tunnels',
      'options/network',
      'options/proxy',
      'transport/backpressure',
    ],
    leftOut: ['rfc7692/compression-memory'],
    reason:
      'the others start child processes with flags of Node.js, or look at garbage collection and handles by its means',
  },
  deno: {
    run: [
      'reading/',
      'rfc6455/',
      'rfc8441/',
      'rfc9112/response',
      'options/cookies',
      'options/http2.test',
      'transport/backpressure',
    ],
    leftOut: ['rfc6455/10.4', 'rfc6455/6.1', 'rfc6455/8.1'],
    reason: 'the others start child processes with flags of Node.js, look at its memory and console, or take minutes',
  },
}

/** What the results of a runtime have that those of another one have not. Shown below the table. */
export const notes: readonly string[] = [
  'Node.js 20 and 22 have no Float16Array: six subtests of the web-platform-tests fail there as expected, and count as skipped.',
  'On Node.js, "tests" are all of npm test: spec-tests, the web-platform-tests and the coverage.',
  'On Bun and Deno, "tests" are the parts of spec-tests that run there; "ports" are the web-platform-tests; "smoke" is the package as it is installed.',
]
