/** What the clients share: the clock, and the ways to say that something went wrong. */
import process from 'node:process'
import type { Scenario } from './scenarios.ts'

/** What a measurement found. CPU and wall times are per counted message or connection. */
export interface Measurement {
  /** Microseconds of CPU, user and system. */
  cpu?: number
  /** Microseconds of wall time. */
  wall?: number
  /** Bytes of resident memory, per connection or of the whole import. */
  memory?: number
  /** Milliseconds by which a timer is late: the 50th and the 99th percentile. */
  delay50?: number
  delay99?: number
  /** Microseconds of a round trip: the 50th and the 99th percentile. */
  trip50?: number
  trip99?: number
  /** Microseconds of CPU for each message of a broadcast to all connections. */
  broadcast?: number
  /** What the server took meanwhile: microseconds of CPU for each, with those that do not count. */
  server?: number
}

/**
 * Why there are no figures. `content`: a message was not what was sent. `unsupported`: the implementation does not do what
 * the scenario is about, so it is not compared. `failed`: anything else.
 */
export type FailureKind = 'content' | 'unsupported' | 'failed'

export interface Failure {
  readonly failure: FailureKind
  readonly message: string
}

let startCpu = { user: 0, system: 0 }
let startWall = 0

/** The counted part begins. */
export function begin(): void {
  startCpu = process.cpuUsage()
  startWall = performance.now()
}

/** The counted part is over, and has been so many. */
export function end(count: number): Measurement {
  const { user, system } = process.cpuUsage(startCpu)
  return { cpu: (user + system) / count, wall: ((performance.now() - startWall) * 1000) / count }
}

/** Ends the process: nothing that comes of closing afterwards, in some client or other, spoils the figures. */
export function finish(measurement: Measurement): never {
  console.log(JSON.stringify(measurement))
  process.exit()
}

/** Ends the process: an error that is thrown in a listener would be lost on the way. */
export function fail(failure: FailureKind, message: string): never {
  console.log(JSON.stringify({ failure, message } satisfies Failure))
  process.exit(1)
}

/** What the server says about the messages that it got, once at the end of each part. */
export function checkAnswer(answer: unknown): void {
  if (answer === 'plain') fail('unsupported', 'sends without compression')
  if (answer !== 'done') fail('content', 'the server got something else than what was sent')
}

/** A scenario about compression is about nothing where it was not agreed on. */
export function checkExtensions(scenario: Scenario, extensions: unknown): void {
  if (scenario.compressed && !String(extensions).includes('permessage-deflate'))
    fail('unsupported', 'does not agree on compression')
}

/** Where the runtime lets us: what nobody holds any more is no part of a figure of memory. */
export function collectGarbage(): void {
  const { gc, Bun } = globalThis as { gc?: () => void; Bun?: { gc(synchronous: boolean): void } }
  if (Bun !== undefined) Bun.gc(true)
  else gc?.()
}

export function percentile(values: readonly number[], part: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
}
