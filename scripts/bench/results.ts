/** The results of one or more runs: how they are merged, and which figures a scenario has. */
import type { Failure, Measurement } from './measuring.ts'
import type { PackageSize } from './peers.ts'
import { type Group, groups, type Scenario, scenarios } from './scenarios.ts'

/** The measurements of one scenario with one target. */
export interface Row {
  readonly scenario: string
  readonly target: string
  /** The commit that was measured. Measurements of different commits are not mixed. */
  readonly commit: string
  readonly runs: Measurement[]
  readonly failures: Failure[]
}

export interface Results {
  readonly machine: string
  readonly date: string
  /** The command lines behind `npm run bench --`. */
  readonly commands: readonly string[]
  /** Versions of the runtimes and the peers, by name. */
  readonly versions: Readonly<Record<string, string>>
  /** Factor by which the numbers of messages were multiplied. */
  readonly scale: number
  readonly rows: readonly Row[]
  readonly sizes: readonly PackageSize[]
}

/** The lowest value of a figure over all runs, because noise only adds. Undefined if any message had wrong content. */
export function best(row: Row | undefined, figure: keyof Measurement): number | undefined {
  if (row === undefined || row.failures.some(({ failure }) => failure === 'content')) return undefined
  const values = row.runs.map(run => run[figure]).filter(value => value !== undefined)
  return values.length === 0 ? undefined : Math.min(...values)
}

/** The lowest and the highest number of runs of a row, such as "1 to 3". Rows without a run do not count. */
export function roundsOf(rows: readonly Row[]): string {
  const counts = rows.map(({ runs }) => runs.length).filter(count => count > 0)
  if (counts.length === 0) return 'none'
  return [...new Set([Math.min(...counts), Math.max(...counts)])].join(' to ')
}

export function findRow(rows: readonly Row[], scenario: string, target: string): Row | undefined {
  return rows.find(row => row.scenario === scenario && row.target === target)
}

/** Joins two results. Rows of the same commit are added up; a row of another commit is replaced by the newer one. */
export function merge(older: Results, newer: Results): Results {
  const rows = new Map(older.rows.map(row => [keyOf(row), row]))
  for (const row of newer.rows) {
    const before = rows.get(keyOf(row))
    const same = before !== undefined && before.commit === row.commit
    rows.set(keyOf(row), same ? joined(before, row) : row)
  }
  return {
    ...newer,
    machine: older.machine === newer.machine ? newer.machine : `${older.machine}; ${newer.machine}`,
    commands: [...new Set([...older.commands, ...newer.commands])],
    versions: { ...older.versions, ...newer.versions },
    rows: inOrder([...rows.values()]),
    sizes: newer.sizes.length > 0 ? newer.sizes : older.sizes,
  }
}

function joined(one: Row, other: Row): Row {
  return { ...one, runs: [...one.runs, ...other.runs], failures: [...one.failures, ...other.failures] }
}

function keyOf({ scenario, target }: Row): string {
  return `${scenario}\n${target}`
}

/** Sorted by scenario, in the order of scenarios.ts; targets keep their order. */
function inOrder(rows: readonly Row[]): Row[] {
  const order = scenarios.map(({ name }) => name)
  return [...rows].sort((one, other) => order.indexOf(one.scenario) - order.indexOf(other.scenario))
}

/** The measured scenarios by group. */
export function byGroup(rows: readonly Row[]): Map<Group, Scenario[]> {
  const measured = new Set(rows.map(({ scenario }) => scenario))
  const found = groups.map((group): [Group, Scenario[]] => [
    group,
    scenarios.filter(scenario => scenario.group === group && measured.has(scenario.name)),
  ])
  return new Map(found.filter(([, members]) => members.length > 0))
}

/** A figure of a scenario, and how it is shown. */
export interface Figure {
  readonly name: keyof Measurement
  readonly unit: string
  /** The measured value is divided by this to be in `unit`. */
  readonly divisor: number
}

const CPU: Figure = { name: 'cpu', unit: 'µs of CPU', divisor: 1 }

/** The figures of a scenario. The first is the one it is judged by. */
export function figuresOf({ kind, delay }: Scenario): readonly Figure[] {
  if (delay) {
    return [
      { name: 'delay99', unit: 'ms late, 99th percentile', divisor: 1 },
      { name: 'delay50', unit: 'ms late, median', divisor: 1 },
      CPU,
    ]
  }
  if (kind === 'idle') {
    return [
      { name: 'memory', unit: 'KiB a connection', divisor: 1024 },
      { name: 'cpu', unit: 'µs of CPU to open one', divisor: 1 },
      { name: 'wall', unit: 'µs to open one', divisor: 1 },
      { name: 'broadcast', unit: 'µs of CPU for each of a broadcast', divisor: 1 },
    ]
  }
  if (kind === 'import') {
    return [
      { name: 'cpu', unit: 'ms of CPU', divisor: 1000 },
      { name: 'memory', unit: 'KiB', divisor: 1024 },
    ]
  }
  if (kind === 'first-open') {
    return [
      { name: 'cpu', unit: 'ms of CPU', divisor: 1000 },
      { name: 'wall', unit: 'ms by the clock', divisor: 1000 },
    ]
  }
  if (kind === 'echo') {
    return [
      CPU,
      { name: 'trip50', unit: 'µs a round trip, median', divisor: 1 },
      { name: 'trip99', unit: 'µs a round trip, 99th percentile', divisor: 1 },
    ]
  }
  return [CPU]
}

/** The number with three significant digits. */
export function digits(value: number): string {
  return value >= 100
    ? value.toFixed(0)
    : value >= 10
      ? value.toFixed(1)
      : value >= 1
        ? value.toFixed(2)
        : value.toFixed(3)
}
