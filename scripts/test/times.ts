import { readFileSync } from 'node:fs'
import process from 'node:process'

/** How long something took, in milliseconds. Much more wall time than CPU time is waiting. */
export interface Duration {
  readonly wall: number
  /** CPU time of the process and, on Linux, of the processes that it started and that have ended. */
  readonly cpu: number
}

export interface NamedDuration extends Duration {
  readonly name: string
}

export interface Times {
  /** One entry for each outermost `describe`, by the path of its file. */
  readonly files: NamedDuration[]
  readonly tests: NamedDuration[]
}

/** The clocks at one moment, in milliseconds. */
export type Moment = Duration

export function now(): Moment {
  const { user, system } = process.cpuUsage()
  return { wall: performance.now(), cpu: (user + system) / 1000 + childrenTime() }
}

export function since(begin: Moment): Duration {
  const end = now()
  return { wall: end.wall - begin.wall, cpu: end.cpu - begin.cpu }
}

/** Linux counts ticks of 10 ms in /proc, whatever its kernel uses itself. */
const TICK = 10

function childrenTime(): number {
  if (process.platform !== 'linux') return 0
  const stat = readFileSync('/proc/self/stat', 'latin1')
  // The fields from the third on: the second is the name of the program, which may have spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[13]) + Number(fields[14])) * TICK
}

/** How many files, and how many tests, a table of times has. */
const ROWS = 10
/** Milliseconds of wall time below which a file or a test is not worth a line. */
const WORTH_A_LINE = 1000

/** The slowest files and tests by wall time, or nothing if all were fast. */
export function describeTimes({ files, tests }: Times): string {
  const tables: [heading: string, rows: readonly NamedDuration[]][] = [
    ['slowest files', sumByName(files)],
    ['slowest tests', tests],
  ]
  return tables
    .map(([heading, rows]) => [heading, slowest(rows)] as const)
    .filter(([, rows]) => rows.length > 0)
    .map(([heading, rows]) =>
      [`${heading}, in seconds of wall time and of CPU time:`, ...rows.map(describe)].join('\n'),
    )
    .join('\n')
}

/** A file may have more than one outermost `describe`. */
function sumByName(durations: readonly NamedDuration[]): NamedDuration[] {
  const sums = new Map<string, Duration>()
  for (const { name, wall, cpu } of durations) {
    const before = sums.get(name)
    sums.set(name, { wall: wall + (before?.wall ?? 0), cpu: cpu + (before?.cpu ?? 0) })
  }
  return [...sums].map(([name, duration]) => ({ name, ...duration }))
}

function slowest(durations: readonly NamedDuration[]): NamedDuration[] {
  return durations
    .filter(({ wall }) => wall >= WORTH_A_LINE)
    .sort((one, other) => other.wall - one.wall)
    .slice(0, ROWS)
}

function describe({ name, wall, cpu }: NamedDuration): string {
  return `  ${seconds(wall)} ${seconds(cpu)}  ${name}`
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(1).padStart(6)
}
