/**
 * The goals for the figures, and whether results meet them. "≥ 3x best peer": the best peer needs at least three times what
 * ours does. "≤ 2x bare socket": ours needs at most twice what a bare socket does. A missed goal also says what a bare socket
 * reaches, since a goal that a bare socket misses is out of reach.
 */
import type { Measurement } from './measuring.ts'
import { best, digits, figuresOf, findRow, type Results, type Row } from './results.ts'
import { scenarios } from './scenarios.ts'
import { newestNode } from './targets.ts'

type FigureName = keyof Measurement

/** A goal for one figure of ours on the newest Node.js: exactly one of `atLeast`, `atMost` and `limit` is given. */
export interface Goal {
  readonly scenario: string
  readonly figure: FigureName
  /** The targets to compare with; the lowest of their figures counts. A name without a comma is on the newest Node.js. */
  readonly others: readonly string[]
  /** The scenario that the figures of `others` are taken from, if it is another one. */
  readonly of?: string
  /** Lowest allowed ratio of theirs to ours. */
  readonly atLeast?: number
  /** Highest allowed ratio of ours to theirs. */
  readonly atMost?: number
  /** Highest allowed value of ours. The figure is divided by `divisor` to be in `unit`. */
  readonly limit?: { readonly value: number; readonly unit: string; readonly divisor: number }
}

export interface Verdict {
  readonly what: string
  readonly target: string
  readonly measured: string
  /** Undefined if a figure that the goal needs was not measured. */
  readonly met: boolean | undefined
}

const PEERS = ['ws', 'ws + addons', 'undici']
const WS = ['ws', 'ws + addons']

function peers(scenario: string, atLeast: number, figure: FigureName = 'cpu', others = PEERS): Goal {
  return { scenario, figure, others, atLeast }
}

function native(scenario: string, runtime: 'bun' | 'deno', atLeast = 1): Goal {
  return { scenario, figure: 'cpu', others: [`built-in, ${runtime}`], atLeast }
}

function raw(scenario: string, atMost: number): Goal {
  return { scenario, figure: 'cpu', others: ['bare socket'], atMost }
}

function natives(scenario: string, atLeast = 1): Goal[] {
  return [native(scenario, 'bun', atLeast), native(scenario, 'deno', atLeast)]
}

export const goals: readonly Goal[] = [
  peers('receive text 16 B', 3),
  ...natives('receive text 16 B', 2),
  peers('receive text 128 B', 2.5),
  ...natives('receive text 128 B', 2),
  peers('receive binary 128 B', 1.5),
  native('receive binary 128 B', 'bun', 0.9),
  ...['receive text 4 KiB', 'receive text 64 KiB'].flatMap(name => [peers(name, 2), raw(name, 2.5)]),
  peers('receive utf8 4 KiB', 1.2),
  native('receive utf8 4 KiB', 'bun', 0.8),
  peers('receive binary 4 KiB', 1.2),
  peers('receive binary 64 KiB', 1.5),
  raw('receive binary 64 KiB', 2.3),
  peers('receive binary 1 MiB', 1.5),
  peers('receive binary 16 MiB', 1.5),
  ...['text', 'binary'].flatMap(payload => [
    peers(`send ${payload} 128 B, 256 a turn`, 12),
    raw(`send ${payload} 128 B, 256 a turn`, 5),
    ...natives(`send ${payload} 128 B, 256 a turn`),
    peers(`send ${payload} 128 B, 16 a turn`, 5),
    raw(`send ${payload} 128 B, 16 a turn`, 5),
    ...natives(`send ${payload} 128 B, 16 a turn`),
    peers(`send ${payload} 4 KiB, 16 a turn`, 2.3),
    raw(`send ${payload} 4 KiB, 16 a turn`, 1.8),
    peers(`send ${payload} 64 KiB, 16 a turn`, 1.3),
  ]),
  peers('send binary 1 MiB, 1 a turn', 1.3),
  peers('send binary 16 MiB, 1 a turn', 1.3),
  peers('echo text 128 B, 1 in flight', 1.15),
  raw('echo text 128 B, 1 in flight', 1.35),
  peers('echo text 128 B, 64 in flight', 8),
  raw('echo text 128 B, 64 in flight', 2),
  ...Object.entries({ '128 B': 25, '4 KiB': 4, '64 KiB': 1.9 }).flatMap(([size, ratio]) => [
    peers(`compressed receive json ${size}`, ratio),
    native(`compressed receive json ${size}`, 'bun'),
  ]),
  peers('compressed send json 128 B', 5),
  peers('compressed send json 4 KiB', 2.5),
  native('compressed send json 4 KiB', 'bun'),
  ...['connect and close, ws', 'connect and close, wss'].flatMap(name => [peers(name, 2), raw(name, 2.5)]),
  peers('idle connections', 1.4, 'memory', WS),
  {
    scenario: 'idle connections',
    figure: 'memory',
    others: [],
    limit: { value: 12, unit: 'KiB a connection', divisor: 1024 },
  },
  peers('event-loop delay in a flood of text 16 B', 4, 'delay99'),
  {
    scenario: 'event-loop delay in a flood of text 16 B',
    figure: 'delay99',
    others: [],
    limit: { value: 10, unit: 'ms', divisor: 1 },
  },
  ...['text 128 B', 'text 64 KiB', 'binary 128 B', 'binary 64 KiB'].flatMap((messages): Goal[] => [
    peers(`stream receive ${messages}`, 2, 'cpu', ['undici']),
    native(`stream receive ${messages}`, 'deno', 2),
    {
      scenario: `stream receive ${messages}`,
      figure: 'cpu',
      others: ['ours'],
      of: `receive ${messages}`,
      atMost: 2,
    },
  ]),
  peers('stream send binary 128 B', 2, 'cpu', ['undici']),
  peers('import', 3, 'cpu', WS),
  peers('import', 3, 'memory', WS),
]

/** Judges the goals on the newest Node.js that was measured, then the other runtimes, then the size of a bundle. */
export function judge(results: Results): Verdict[] {
  const runtimes = [...new Set(results.rows.map(row => row.target.split(', ')[1]!))]
  const node = newestNode(runtimes.map(name => ({ name })))
  if (node === undefined) return []
  return [
    ...goals.map(goal => judgeGoal(goal, results.rows, node)),
    ...runtimes.filter(name => name.startsWith('node') && name !== node).map(name => judgeNode(results, name, node)),
    ...runtimes.filter(name => !name.startsWith('node')).map(name => judgeOther(results, name)),
    ...judgeSize(results),
  ]
}

function judgeGoal(goal: Goal, rows: readonly Row[], node: string): Verdict {
  const { scenario, figure, atLeast, atMost, limit } = goal
  const what = ['memory', 'delay99'].includes(figure)
    ? `${scenario}, ${figure === 'memory' ? 'memory' : 'p99'}`
    : scenario
  const ours = best(findRow(rows, scenario, `ours, ${node}`), figure)
  if (limit !== undefined) {
    const value = ours === undefined ? undefined : ours / limit.divisor
    const target = `≤ ${limit.value} ${limit.unit}`
    return verdict(what, target, value, `${digits(value ?? 0)} ${limit.unit}`, value! <= limit.value)
  }
  const found = goal.others.flatMap(name => {
    const row = findRow(rows, goal.of ?? scenario, name.includes(', ') ? name : `${name}, ${node}`)
    return best(row, figure) ?? []
  })
  const least = found.length === 0 ? undefined : Math.min(...found)
  const other = `${nameOf(goal.others)}${goal.of === undefined ? '' : ` (${goal.of})`}`
  const target = atLeast !== undefined ? `≥ ${atLeast}x ${other}` : `≤ ${atMost}x ${other}`
  const ratio = !ours || !least ? undefined : atLeast !== undefined ? least / ours : ours / least
  const met = atLeast !== undefined ? ratio! >= atLeast : ratio! <= atMost!
  // For a missed goal: the ratio that a bare socket reaches, which bounds what any client can reach.
  const plain = scenario.replace('stream ', '')
  const bare = met || atLeast === undefined ? undefined : best(findRow(rows, plain, `bare socket, ${node}`), figure)
  const floor = bare && least ? `; a bare socket ${digits(least / bare)}x` : ''
  return verdict(what, target, ratio, `${digits(ratio ?? 0)}x${floor}`, met)
}

function nameOf(others: readonly string[]): string {
  if (others.length === 1) return others[0] === 'ours' ? 'onmessage' : others[0]!.replace(', ', ' of ')
  return others === PEERS ? 'best peer' : 'ws'
}

/** Judges an older Node.js by how much more CPU time ours needs there than on the newest, in the worst scenario. */
function judgeNode({ rows }: Results, name: string, newest: string): Verdict {
  const ratios = compare(rows, `ours, ${name}`, `ours, ${newest}`)
  const bare = compare(rows, `bare socket, ${name}`, `bare socket, ${newest}`)
  const worst = ratios.reduce((one, other) => (other.ratio > one.ratio ? other : one), { scenario: '', ratio: 0 })
  const within = countUpTo(1.5, ratios)
  return verdict(
    `all, on ${name}`,
    `≤ 1.5x ${newest}, in all`,
    ratios.length || undefined,
    `${within}; at the worst ${digits(worst.ratio)}x: ${worst.scenario}${bareSocket(1.5, bare)}`,
    ratios.every(({ ratio }) => ratio <= 1.5),
  )
}

/** Judges ours on Bun or Deno against the WebSocket that is built in there. */
function judgeOther({ rows }: Results, name: string): Verdict {
  const ratios = compare(rows, `ours, ${name}`, `built-in, ${name}`)
  const bare = compare(rows, `bare socket, ${name}`, `built-in, ${name}`)
  return verdict(
    `all, on ${name}`,
    '≤ 1x its built-in, in half',
    ratios.length || undefined,
    `${countUpTo(1, ratios)}${bareSocket(1, bare)}`,
    ratios.filter(({ ratio }) => ratio <= 1).length * 2 >= ratios.length,
  )
}

interface Ratio {
  readonly scenario: string
  readonly ratio: number
}

function countUpTo(most: number, ratios: readonly Ratio[]): string {
  return `${ratios.filter(({ ratio }) => ratio <= most).length} of ${ratios.length}`
}

/** In how many scenarios a bare socket of the runtime reaches the ratio: a client on top of it can hardly do better. */
function bareSocket(most: number, ratios: readonly Ratio[]): string {
  return ratios.length === 0 ? '' : `; a bare socket in ${countUpTo(most, ratios)}`
}

/** The ratio of one target to another in each scenario, in the figure that the scenario is judged by. */
function compare(rows: readonly Row[], one: string, other: string): Ratio[] {
  return scenarios.flatMap(scenario => {
    const { name } = figuresOf(scenario)[0]!
    const [value, reference] = [one, other].map(target => best(findRow(rows, scenario.name, target), name))
    return !value || !reference ? [] : [{ scenario: scenario.name, ratio: value / reference }]
  })
}

function judgeSize({ sizes }: Results): Verdict[] {
  const [ours, ws] = ['ours', 'ws'].map(name => sizes.find(size => size.name === name)?.bundle)
  const measured = `${digits((ours ?? 0) / 1000)} kB`
  const target = `≤ ${digits((ws ?? 0) / 1000)} kB, as ws`
  return ours === undefined || ws === undefined
    ? []
    : [verdict('bundle of WebSocket alone, minified and gzipped', target, ours, measured, ours <= ws)]
}

function verdict(what: string, target: string, value: number | undefined, measured: string, met: boolean): Verdict {
  return value === undefined
    ? { what, target, measured: 'not measured', met: undefined }
    : { what, target, measured, met }
}

/** The scenarios in which the server needs more CPU time than the fastest client, so that it limits the rates by the clock. */
export function findBottlenecks(rows: readonly Row[]): string[] {
  return scenarios.flatMap(({ name }) => {
    const clients = rows.filter(row => row.scenario === name && !row.target.startsWith('bare'))
    const [server, client] = (['server', 'cpu'] as const).map(figure =>
      Math.min(...clients.flatMap(row => best(row, figure) ?? [])),
    ) as [number, number]
    return Number.isFinite(server) && server > client ? [name] : []
  })
}
