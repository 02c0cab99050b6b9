/** The figures of one or more runs. */
import type { Failure, Measurement } from './measuring.ts'
import type { PackageSize } from './peers.ts'
import { type Group, groups, type Scenario, scenarios } from './scenarios.ts'

/** One scenario with one target. */
export interface Row {
  readonly scenario: string
  readonly target: string
  /** What was measured: where two results have different ones, they are not mixed. */
  readonly commit: string
  readonly runs: Measurement[]
  readonly failures: Failure[]
}

export interface Results {
  readonly machine: string
  readonly date: string
  /** The command lines behind `npm run bench --`. */
  readonly commands: readonly string[]
  /** Of the runtimes and of the peers. */
  readonly versions: Readonly<Record<string, string>>
  /** What the numbers of messages were multiplied by. */
  readonly scale: number
  readonly rows: readonly Row[]
  readonly sizes: readonly PackageSize[]
}

/** The least of a figure over all runs: what else a machine does only ever adds. Nothing where a message was wrong. */
export function best(row: Row | undefined, figure: keyof Measurement): number | undefined {
  if (row === undefined || row.failures.some(({ failure }) => failure === 'content')) return undefined
  const values = row.runs.map(run => run[figure]).filter(value => value !== undefined)
  return values.length === 0 ? undefined : Math.min(...values)
}

/** How often the rows were measured, the least and the most of them; those that never were left out. */
export function roundsOf(rows: readonly Row[]): string {
  const counts = rows.map(({ runs }) => runs.length).filter(count => count > 0)
  if (counts.length === 0) return 'none'
  return [...new Set([Math.min(...counts), Math.max(...counts)])].join(' to ')
}

export function findRow(rows: readonly Row[], scenario: string, target: string): Row | undefined {
  return rows.find(row => row.scenario === scenario && row.target === target)
}

/** Another run of the same commit adds rounds; one of a later commit takes the place of what it measures anew. */
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

/** By scenario as they are listed; targets stay as they came. */
function inOrder(rows: readonly Row[]): Row[] {
  const order = scenarios.map(({ name }) => name)
  return [...rows].sort((one, other) => order.indexOf(one.scenario) - order.indexOf(other.scenario))
}

/** The scenarios that there are results of, by group. */
export function byGroup(rows: readonly Row[]): Map<Group, Scenario[]> {
  const measured = new Set(rows.map(({ scenario }) => scenario))
  const found = groups.map((group): [Group, Scenario[]] => [
    group,
    scenarios.filter(scenario => scenario.group === group && measured.has(scenario.name)),
  ])
  return new Map(found.filter(([, members]) => members.length > 0))
}

/** A figure that a scenario has, as it is shown. */
export interface Figure {
  readonly name: keyof Measurement
  readonly unit: string
  /** What it is divided by to be in that unit. */
  readonly divisor: number
}

const CPU: Figure = { name: 'cpu', unit: 'µs of CPU', divisor: 1 }

/** The figures of a scenario. What it is judged by comes first. */
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
  if (kind === 'echo') {
    return [
      CPU,
      { name: 'trip50', unit: 'µs a round trip, median', divisor: 1 },
      { name: 'trip99', unit: 'µs a round trip, 99th percentile', divisor: 1 },
    ]
  }
  return [CPU]
}

/** Three digits that mean something. */
export function digits(value: number): string {
  return value >= 100
    ? value.toFixed(0)
    : value >= 10
      ? value.toFixed(1)
      : value >= 1
        ? value.toFixed(2)
        : value.toFixed(3)
}
