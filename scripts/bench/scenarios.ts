/** The scenarios. One measurement is one process that runs one scenario with one implementation. */

export type Payload = 'text' | 'utf8' | 'binary' | 'json'
export type Kind =
  | 'receive'
  | 'send'
  | 'echo'
  | 'connect'
  | 'idle'
  | 'import'
  | 'first-open'
  | 'stream-receive'
  | 'stream-send'

/** Groups of scenarios: each has a chart and tables. */
export const groups = [
  'receive',
  'send',
  'echo',
  'compressed',
  'streams',
  'connections',
  'event loop',
  'idle',
  'import',
] as const
export type Group = (typeof groups)[number]

export interface Scenario {
  readonly name: string
  readonly group: Group
  readonly kind: Kind
  readonly payload: Payload
  /** Bytes of a message. */
  readonly size: number
  /** Counted messages or connections, without those of the warm-up (`warmUpOf`). */
  readonly count: number
  /** send: messages a turn; echo: messages in flight. */
  readonly batch?: number
  /** receive: frames a message. */
  readonly fragments?: number
  readonly compressed?: boolean
  readonly binaryType?: 'blob'
  readonly secure?: boolean
  /** Reports the event loop's delay instead of CPU time. */
  readonly delay?: boolean
  /** Also in the short run. */
  readonly quick?: boolean
  /** Also in the run of CI, which looks at the content and not at the figures. */
  readonly ci?: boolean
  /** Among the bars of a chart, which has no room for all. */
  readonly charted?: boolean
}

type More = Partial<Scenario>

const KIB = 1024
const MIB = 1024 * KIB
const SHORT: More = { quick: true, charted: true }
const CI: More = { ...SHORT, ci: true }
const CHART: More = { charted: true }

function receive(payload: Payload, size: number, count: number, more: More = {}): Scenario {
  const name = `receive ${label(payload, size)}`
  return { name, group: 'receive', kind: 'receive', payload, size, count, ...more }
}

function send(payload: Payload, size: number, batch: number, count: number, more: More = {}): Scenario {
  const name = `send ${label(payload, size)}, ${batch} a turn`
  return { name, group: 'send', kind: 'send', payload, size, batch, count, ...more }
}

function echo(batch: number, count: number, more: More): Scenario {
  const name = `echo ${label('text', 128)}, ${batch} in flight`
  return { name, group: 'echo', kind: 'echo', payload: 'text', size: 128, batch, count, ...more }
}

function stream(kind: 'stream-receive' | 'stream-send', payload: Payload, size: number, count: number): Scenario {
  const name = `${kind.replace('-', ' ')} ${label(payload, size)}`
  return { name, group: 'streams', kind, payload, size, count, charted: true }
}

/** A scenario that is not about messages. */
function other(name: string, group: Group, kind: Kind, count: number, more: More): Scenario {
  return { name, group, kind, payload: 'text', size: 16, count, charted: true, ...more }
}

function label(payload: Payload, size: number): string {
  const bytes = size >= MIB ? `${size / MIB} MiB` : size >= KIB ? `${size / KIB} KiB` : `${size} B`
  return `${payload} ${bytes}`
}

// With these counts ours takes some tenths of a second, and the warm-up as long, because JIT compilers need that time. Counts
// are lower where a peer would take many seconds.
const all: readonly Scenario[] = [
  receive('text', 16, 2_000_000, CI),
  receive('text', 128, 1_200_000, SHORT),
  receive('text', 4 * KIB, 300_000, SHORT),
  receive('text', 64 * KIB, 16_000, CHART),
  receive('utf8', 4 * KIB, 100_000, CHART),
  receive('binary', 128, 400_000, CI),
  receive('binary', 4 * KIB, 200_000, CHART),
  receive('binary', 64 * KIB, 16_000, SHORT),
  receive('binary', MIB, 1_000, CHART),
  receive('binary', 16 * MIB, 50, CHART),
  receive('binary', 4 * KIB, 80_000, { name: 'receive Blob 4 KiB', binaryType: 'blob' }),
  receive('text', 4 * KIB, 100_000, { name: 'receive text 4 KiB in 16 fragments', fragments: 16, ci: true }),
  receive('binary', 64 * KIB, 4_000, { name: 'receive binary 64 KiB in 512 fragments', fragments: 512 }),
  send('text', 16, 256, 250_000),
  send('text', 16, 16, 300_000),
  send('text', 16, 1, 50_000),
  send('text', 128, 256, 250_000, SHORT),
  send('text', 128, 16, 300_000, SHORT),
  send('text', 128, 1, 50_000, { charted: true, ci: true }),
  send('text', 4 * KIB, 256, 100_000),
  send('text', 4 * KIB, 16, 100_000, CI),
  send('text', 4 * KIB, 1, 50_000),
  send('text', 64 * KIB, 16, 30_000, CHART),
  send('text', 64 * KIB, 1, 30_000),
  send('utf8', 4 * KIB, 16, 200_000, CHART),
  send('binary', 128, 256, 250_000, CHART),
  send('binary', 128, 16, 300_000, CHART),
  send('binary', 128, 1, 50_000),
  send('binary', 4 * KIB, 256, 100_000),
  send('binary', 4 * KIB, 16, 100_000, CHART),
  send('binary', 4 * KIB, 1, 30_000),
  send('binary', 64 * KIB, 16, 30_000, SHORT),
  send('binary', 64 * KIB, 1, 30_000),
  send('binary', MIB, 16, 1_500),
  send('binary', MIB, 1, 1_500, CHART),
  send('binary', 16 * MIB, 1, 80, CHART),
  echo(1, 40_000, CI),
  echo(64, 200_000, SHORT),
  ...[128, 4 * KIB, 64 * KIB].flatMap(size => {
    const compressed: More = {
      group: 'compressed',
      compressed: true,
      charted: true,
      quick: size === 128,
      ci: size === 4 * KIB,
    }
    const name = label('json', size)
    return [
      receive('json', size, Math.min(60_000, 100_000_000 / size), {
        ...compressed,
        name: `compressed receive ${name}`,
      }),
      send('json', size, 16, Math.min(60_000, 40_000_000 / size), { ...compressed, name: `compressed send ${name}` }),
    ]
  }),
  stream('stream-receive', 'text', 128, 800_000),
  stream('stream-receive', 'text', 64 * KIB, 16_000),
  stream('stream-receive', 'binary', 128, 400_000),
  stream('stream-receive', 'binary', 64 * KIB, 16_000),
  stream('stream-send', 'binary', 128, 800_000),
  stream('stream-send', 'binary', 64 * KIB, 16_000),
  other('connect and close, ws', 'connections', 'connect', 3_000, CI),
  other('connect and close, wss', 'connections', 'connect', 500, { secure: true }),
  receive('text', 16, 1_500_000, {
    name: 'event-loop delay in a flood of text 16 B',
    group: 'event loop',
    delay: true,
    charted: true,
  }),
  other('idle connections', 'idle', 'idle', 8_000, {}),
  other('import', 'import', 'import', 1, SHORT),
  other('first open, ws', 'import', 'first-open', 1, SHORT),
  other('first open, wss', 'import', 'first-open', 1, { secure: true }),
]

/** Factor for all counts. The client and the server are given the same. */
const scale = Number(process.env.BENCH_SCALE ?? 1)

export const scenarios: readonly Scenario[] = all.map(scenario => ({
  ...scenario,
  count: Math.max(1, Math.round(scenario.count * scale)),
}))

/**
 * Messages or connections of the warm-up, before those that count. As many as are counted, because with fewer the JIT compiler
 * is half of the cost of a short scenario.
 */
export function warmUpOf({ kind, count }: Scenario): number {
  if (isPaidOnce(kind)) return 0
  return kind === 'idle' ? Math.ceil(count / 10) : count
}

/** Whether a scenario is about what a program pays once: it is measured in `fresh-client.ts`, and has no rate. */
export function isPaidOnce(kind: Kind): boolean {
  return kind === 'import' || kind === 'first-open'
}

export function findScenario(name: string): Scenario | undefined {
  return scenarios.find(scenario => scenario.name === name)
}
