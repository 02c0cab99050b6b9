/** What is measured. One measurement is one process that runs one scenario with one implementation. */

export type Payload = 'text' | 'utf8' | 'binary' | 'json'

export interface Scenario {
  readonly name: string
  readonly kind: 'receive' | 'send' | 'echo' | 'connect' | 'idle' | 'import' | 'stream-receive' | 'stream-send'
  readonly payload: Payload
  /** Bytes of a message. */
  readonly size: number
  /** Counted messages (or connections), and as many of a tenth before that do not count. */
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
}

const KIB = 1024
const MIB = 1024 * KIB

function receive(payload: Payload, size: number, count: number, more: Partial<Scenario> = {}): Scenario {
  return { name: `receive ${label(payload, size)}`, kind: 'receive', payload, size, count, ...more }
}

function send(payload: Payload, size: number, batch: number, count: number, more: Partial<Scenario> = {}): Scenario {
  return { name: `send ${label(payload, size)}, ${batch} a turn`, kind: 'send', payload, size, batch, count, ...more }
}

function echo(batch: number, count: number, more: Partial<Scenario> = {}): Scenario {
  const name = `echo ${label('text', 128)}, ${batch} in flight`
  return { name, kind: 'echo', payload: 'text', size: 128, batch, count, ...more }
}

function label(payload: Payload, size: number): string {
  const bytes = size >= MIB ? `${size / MIB} MiB` : size >= KIB ? `${size / KIB} KiB` : `${size} B`
  return `${payload} ${bytes}`
}

const all: readonly Scenario[] = [
  receive('text', 16, 1_000_000, { quick: true }),
  receive('text', 128, 1_000_000, { quick: true }),
  receive('text', 4 * KIB, 100_000, { quick: true }),
  receive('text', 64 * KIB, 8_000),
  receive('utf8', 4 * KIB, 50_000),
  receive('binary', 128, 1_000_000, { quick: true }),
  receive('binary', 4 * KIB, 100_000),
  receive('binary', 64 * KIB, 8_000, { quick: true }),
  receive('binary', MIB, 500),
  receive('binary', 16 * MIB, 40),
  receive('binary', 4 * KIB, 50_000, { name: 'receive Blob 4 KiB', binaryType: 'blob' }),
  receive('text', 4 * KIB, 50_000, { name: 'receive text 4 KiB in 16 fragments', fragments: 16 }),
  send('text', 128, 256, 1_000_000, { quick: true }),
  send('text', 128, 16, 500_000, { quick: true }),
  send('text', 128, 1, 100_000),
  send('text', 16, 256, 1_000_000),
  send('text', 4 * KIB, 16, 100_000, { quick: true }),
  send('binary', 128, 256, 1_000_000),
  send('binary', 4 * KIB, 16, 100_000),
  send('binary', 64 * KIB, 4, 8_000, { quick: true }),
  send('binary', MIB, 1, 500),
  send('binary', 16 * MIB, 1, 40),
  echo(1, 30_000, { quick: true }),
  echo(64, 300_000, { quick: true }),
  ...[128, 4 * KIB, 64 * KIB].flatMap(size => [
    receive('json', size, Math.min(200_000, 80_000_000 / size), {
      name: `compressed receive ${label('json', size)}`,
      compressed: true,
      quick: size === 128,
    }),
    send('json', size, 16, Math.min(100_000, 40_000_000 / size), {
      name: `compressed send ${label('json', size)}`,
      compressed: true,
      quick: size === 128,
    }),
  ]),
  receive('text', 16, 1_000_000, { name: 'event-loop delay in a flood of text 16 B', delay: true }),
  { name: 'idle connections', kind: 'idle', payload: 'text', size: 0, count: 8_000 },
  { name: 'import', kind: 'import', payload: 'text', size: 0, count: 1, quick: true },
  { name: 'connect and close, ws', kind: 'connect', payload: 'text', size: 0, count: 2_000, quick: true },
  { name: 'connect and close, wss', kind: 'connect', payload: 'text', size: 0, count: 600, secure: true },
  { name: 'stream receive binary 128 B', kind: 'stream-receive', payload: 'binary', size: 128, count: 500_000 },
  { name: 'stream receive binary 64 KiB', kind: 'stream-receive', payload: 'binary', size: 64 * KIB, count: 8_000 },
  { name: 'stream send binary 128 B', kind: 'stream-send', payload: 'binary', size: 128, count: 300_000 },
]

/** A short run has fewer messages, in the client and in the server alike. */
const scale = Number(process.env.BENCH_SCALE ?? 1)

export const scenarios: readonly Scenario[] = all.map(scenario => ({
  ...scenario,
  count: Math.max(1, Math.round(scenario.count * scale)),
}))
