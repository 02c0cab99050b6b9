/**
 * What users want to know of each scenario: is it at least as fast as the best JavaScript client that does the same work? Where the
 * work is ours alone, the goal is higher. A row that misses its goal is named with what bounds it. The ratios to a bare socket, and
 * to the classes that runtimes have built in, are shown and not judged: neither is an alternative that does the same.
 */
import type { Measurement } from './measuring.ts'
import { best, digits, findRow, type Results, type Row } from './results.ts'
import { isPaidOnce, scenarios } from './scenarios.ts'
import { newestNode } from './targets.ts'

type FigureName = keyof Measurement

/** A goal for one figure of ours on the newest Node.js. */
export interface Goal {
  readonly scenario: string
  readonly figure: FigureName
  /** The clients to compare with, on the same Node.js; the lowest of their figures counts. */
  readonly peers: readonly string[]
  /** Lowest ratio of theirs to ours. */
  readonly atLeast: number
  /** What keeps ours from being faster, where a measurement has missed the goal. */
  readonly bound?: string
}

export interface Verdict {
  readonly what: string
  readonly target: string
  readonly measured: string
  /** What bounds a row that misses its goal. Empty for one that meets it. */
  readonly bound: string
  /** The ratios that are not judged. Empty if there are none. */
  readonly ratios: string
  /** Undefined if a figure that the goal needs was not measured. */
  readonly met: boolean | undefined
}

const PEERS = ['ws', 'ws + addons', 'undici']
const WS = ['ws', 'ws + addons']

/** As fast as the best peer, unless it says otherwise. */
function goal(scenario: string, more: Partial<Goal> = {}): Goal {
  return { scenario, figure: 'cpu', peers: PEERS, atLeast: 1, ...more }
}

// See "Where the time goes" in performance-tables.md.
const EVENTS = 'the event of the host, and a task with its microtasks, for each message'
const BUFFERS = 'memory: V8 makes an ArrayBuffer for each message, and frees it in another thread'
const SYSTEM = 'the system: more than half of the time is spent in its calls'
const ZLIB = 'zlib, which both call'

export const goals: readonly Goal[] = [
  ...['receive text 16 B', 'receive text 128 B'].map(name => goal(name, { atLeast: 1.5, bound: EVENTS })),
  goal('receive binary 128 B', { bound: BUFFERS }),
  ...['text 4 KiB', 'text 64 KiB', 'binary 4 KiB', 'binary 64 KiB', 'binary 1 MiB', 'binary 16 MiB'].map(name =>
    goal(`receive ${name}`),
  ),
  goal('receive utf8 4 KiB', { bound: 'V8 and Node.js, which decode the text' }),
  ...['text', 'binary'].flatMap(payload => [
    goal(`send ${payload} 128 B, 256 a turn`, { atLeast: 12 }),
    ...['128 B', '4 KiB', '64 KiB'].map(size => goal(`send ${payload} ${size}, 16 a turn`)),
  ]),
  goal('send binary 1 MiB, 1 a turn'),
  goal('send binary 16 MiB, 1 a turn'),
  goal('echo text 128 B, 1 in flight', { bound: SYSTEM }),
  goal('echo text 128 B, 64 in flight'),
  ...['128 B', '4 KiB', '64 KiB'].map(size => goal(`compressed receive json ${size}`, { atLeast: 5, bound: ZLIB })),
  ...['128 B', '4 KiB'].map(size => goal(`compressed send json ${size}`, { atLeast: 5, bound: ZLIB })),
  ...['connect and close, ws', 'connect and close, wss'].map(name => goal(name, { bound: SYSTEM })),
  goal('idle connections', { figure: 'memory', peers: WS, bound: 'the socket of Node.js, which is nearly half of it' }),
  goal('event-loop delay in a flood of text 16 B', { figure: 'delay99' }),
  ...['text 128 B', 'text 64 KiB', 'binary 64 KiB'].map(name => goal(`stream receive ${name}`, { peers: ['undici'] })),
  goal('stream receive binary 128 B', { peers: ['undici'], bound: BUFFERS }),
  goal('stream send binary 128 B', { peers: ['undici'] }),
  ...['first open, ws', 'first open, wss'].map(name =>
    goal(name, { bound: 'Node.js, which loads its modules, and those of TLS' }),
  ),
  goal('import', { peers: WS }),
  goal('import', { figure: 'memory', peers: WS }),
]

/** Judges the goals on the newest Node.js that was measured. */
export function judge(results: Results): Verdict[] {
  const runtimes = new Set(results.rows.map(row => row.target.split(', ')[1]!))
  const node = newestNode([...runtimes].map(name => ({ name })))
  return node === undefined ? [] : goals.map(one => judgeGoal(one, results, node))
}

function judgeGoal({ scenario, figure, peers, atLeast, bound }: Goal, { rows }: Results, node: string): Verdict {
  const measure = (target: string): number | undefined => best(findRow(rows, scenario, target), figure)
  const ours = measure(`ours, ${node}`)
  const found = peers.flatMap(name => measure(`${name}, ${node}`) ?? [])
  const what = figure === 'memory' ? `${scenario}, memory` : figure === 'delay99' ? `${scenario}, p99` : scenario
  const target = `≥ ${atLeast}x ${peers === PEERS ? 'the best peer' : peers[0]}`
  if (!ours || found.length === 0)
    return { what, target, measured: 'not measured', bound: '', ratios: '', met: undefined }
  const ratio = Math.min(...found) / ours
  const met = ratio >= atLeast
  const others = [
    ['bare socket', measure(`bare socket, ${node}`), ours],
    ["Node.js's own", measure(`built-in, ${node}`), ours],
    ["Bun's own", measure('built-in, bun'), measure('ours, bun')],
    ["Deno's own", measure('built-in, deno'), measure('ours, deno')],
  ] as const
  const shown = others.flatMap(([name, theirs, own]) => (theirs && own ? [`${name} ${digits(theirs / own)}x`] : []))
  const limit = met ? '' : (bound ?? 'nothing that is known')
  return { what, target, measured: `${digits(ratio)}x`, bound: limit, ratios: shown.join('; '), met }
}

/** The scenarios in which the server needs more CPU time than the fastest client, so that it limits the rates by the clock. */
export function findBottlenecks(rows: readonly Row[]): string[] {
  return scenarios.flatMap(({ name, kind }) => {
    if (isPaidOnce(kind)) return []
    const clients = rows.filter(row => row.scenario === name && !row.target.startsWith('bare'))
    const [server, client] = (['server', 'cpu'] as const).map(figure =>
      Math.min(...clients.flatMap(row => best(row, figure) ?? [])),
    ) as [number, number]
    return Number.isFinite(server) && server > client ? [name] : []
  })
}
