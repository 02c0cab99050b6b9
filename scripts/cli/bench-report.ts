import cliui from 'cliui'
import type { BenchOptions, BenchResult } from './bench.ts'
import type { Colours } from './style.ts'
import { count, digits, printable } from './text.ts'

/** Times in milliseconds. */
export interface Distribution {
  readonly min: number
  readonly mean: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

/** A range of times, in milliseconds, and how many there were. */
export interface Bucket {
  readonly from: number
  readonly to: number
  readonly count: number
}

/** What `bench --json` prints. */
export interface BenchSummary {
  readonly url: string
  readonly connections: number
  readonly opened: number
  readonly failures: Readonly<Record<string, number>>
  readonly messages: number
  readonly size: number
  readonly seconds: number
  readonly messagesPerSecond: number
  readonly bytesPerSecond: number
  readonly open: Distribution | null
  readonly latency: Distribution | null
  readonly histogram: readonly Bucket[]
}

export function summarize({ url, connections, size }: BenchOptions, result: BenchResult): BenchSummary {
  const { opened, latencies, elapsed, failures } = result
  const seconds = elapsed / 1000
  const perSecond = latencies.length === 0 ? 0 : latencies.length / seconds
  const sorted = latencies.toSorted()
  return {
    url,
    connections,
    opened: opened.length,
    failures: Object.fromEntries(failures),
    messages: latencies.length,
    size,
    seconds: round(seconds),
    messagesPerSecond: Math.round(perSecond),
    bytesPerSecond: Math.round(perSecond * size),
    open: distribution(Float64Array.from(opened).sort()),
    latency: distribution(sorted),
    histogram: histogram(sorted),
  }
}

/** @param sorted in rising order */
function distribution(sorted: Float64Array): Distribution | null {
  if (sorted.length === 0) return null
  const at = (share: number): number => round(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!)
  const mean = round(sorted.reduce((sum, time) => sum + time, 0) / sorted.length)
  return { min: at(0), mean, p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: at(1) }
}

/** Steps of a histogram in each power of ten. */
const STEPS = [1, 2, 5]

function histogram(sorted: Float64Array): Bucket[] {
  if (sorted.length === 0) return []
  const bounds: number[] = []
  let power = Math.floor(Math.log10(Math.max(sorted[0]!, 0.001)))
  for (; bounds.length < 100 && (bounds.at(-1) ?? 0) <= sorted.at(-1)!; power++) {
    for (const step of STEPS) bounds.push(round(step * 10 ** power))
  }
  const buckets: Bucket[] = []
  let at = 0
  for (const [index, to] of bounds.entries()) {
    const start = at
    while (at < sorted.length && sorted[at]! < to) at++
    buckets.push({ from: index === 0 ? 0 : bounds[index - 1]!, to, count: at - start })
  }
  const first = buckets.findIndex(bucket => bucket.count > 0)
  const last = buckets.findLastIndex(bucket => bucket.count > 0)
  return buckets.slice(first, last + 1)
}

/** The summary for people, within `width` columns. */
export function presentSummary(summary: BenchSummary, width: number, colours: Colours): string {
  const { url, opened, connections, messages, size, seconds, messagesPerSecond, bytesPerSecond } = summary
  const { open, latency, failures } = summary
  const ui = cliui({ width, wrap: true })
  const row = (name: string, text: string): void => {
    ui.div({ text: colours.cyan(name), width: 13 }, { text })
  }
  row('server', url)
  row(
    'connections',
    `${digits(opened)} of ${digits(connections)} opened${open === null ? '' : `, in ${time(open.max)} at most`}`,
  )
  for (const [reason, number] of Object.entries(failures)) {
    row('', colours.red(`${digits(number)} failed: ${printable(reason)}`))
  }
  row('messages', `${count(messages, 'answer')} in ${seconds.toFixed(2)} s, ${count(size, 'byte')} each`)
  row('rate', `${digits(messagesPerSecond)} messages/s, ${amount(bytesPerSecond)}/s each way`)
  if (latency === null) return ui.toString()
  ui.div({ text: '' })
  const rows: [string, number][] = [
    ['min', latency.min],
    ['mean', latency.mean],
    ['p50', latency.p50],
    ['p90', latency.p90],
    ['p99', latency.p99],
    ['p99.9', latency.p999],
    ['max', latency.max],
  ]
  for (const [index, [name, value]] of rows.entries()) {
    ui.div(
      { text: index === 0 ? colours.cyan('latency') : '', width: 13 },
      { text: name, width: 7 },
      { text: time(value), width: 12, align: 'right' },
    )
  }
  return `${ui.toString()}\n\n${presentHistogram(summary.histogram, width, colours)}`
}

/** Eighths of a character. */
const BLOCKS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

function presentHistogram(buckets: readonly Bucket[], width: number, colours: Colours): string {
  const highest = Math.max(...buckets.map(bucket => bucket.count))
  const ranges = buckets.map(({ from, to }) => `${from}–${to} ms`)
  const left = Math.max(...ranges.map(range => range.length))
  const right = digits(highest).length
  const room = Math.max(8, width - left - right - 3)
  return buckets
    .map(({ count: number }, index) => {
      const eighths = Math.round((number / highest) * room * 8)
      const bar = '█'.repeat(Math.floor(eighths / 8)) + BLOCKS[eighths % 8]!
      return `${ranges[index]!.padStart(left)} ${digits(number).padStart(right)} ${colours.cyan(bar)}`.trimEnd()
    })
    .join('\n')
}

function time(milliseconds: number): string {
  return milliseconds >= 1000 ? `${(milliseconds / 1000).toFixed(2)} s` : `${milliseconds.toFixed(3)} ms`
}

function amount(bytes: number): string {
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB`
  return bytes >= 1e3 ? `${(bytes / 1e3).toFixed(1)} kB` : `${bytes} B`
}

function round(number: number): number {
  return Number(number.toPrecision(6))
}
