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
  /** Microseconds of CPU that the server needed per message or connection, with those of the warm-up. */
  server?: number
}

/**
 * Why there are no figures. `content`: a message differs from what was sent. `unsupported`: the implementation does not do what
 * the scenario is about, so it is not compared. `failed`: anything else.
 */
export type FailureKind = 'content' | 'unsupported' | 'failed'

export interface Failure {
  readonly failure: FailureKind
  readonly message: string
}

let startCpu = { user: 0, system: 0 }
let startWall = 0

/** Starts the clocks: the warm-up is over. */
export function begin(): void {
  startCpu = process.cpuUsage()
  startWall = performance.now()
}

/** Stops the clocks, and divides by the number of messages or connections since `begin`. */
export function end(count: number): Measurement {
  const { user, system } = process.cpuUsage(startCpu)
  return { cpu: (user + system) / count, wall: ((performance.now() - startWall) * 1000) / count }
}

/** Reports a measurement and ends the process, so that the time to close connections does not count. */
export function finish(measurement: Measurement): never {
  console.log(JSON.stringify(measurement))
  process.exit()
}

/** Reports a failure and ends the process. Throwing would not do: some clients swallow errors of listeners. */
export function fail(failure: FailureKind, message: string): never {
  console.log(JSON.stringify({ failure, message } satisfies Failure))
  process.exit(1)
}

/** Checks the verdict of the server on the messages it received, which it sends after the warm-up and after the counted part. */
export function checkAnswer(answer: unknown): void {
  if (answer === 'plain') fail('unsupported', 'sends without compression')
  if (answer !== 'done') fail('content', 'the server got something else than what was sent')
}

/** Ends the process if the scenario is about compression and the connection has none. */
export function checkExtensions(scenario: Scenario, extensions: unknown): void {
  if (scenario.compressed && !String(extensions).includes('permessage-deflate'))
    fail('unsupported', 'does not agree on compression')
}

/** Collects garbage, where the runtime allows it, so that memory figures count reachable objects only. */
export function collectGarbage(): void {
  const { gc, Bun } = globalThis as { gc?: () => void; Bun?: { gc(synchronous: boolean): void } }
  if (Bun !== undefined) Bun.gc(true)
  else gc?.()
}

export function percentile(values: readonly number[], part: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
}
