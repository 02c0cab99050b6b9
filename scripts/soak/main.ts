import { setMaxListeners } from 'node:events'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { keepTalking } from './connections.ts'
import { drawChart, growth, type MemorySample, sampleMemory } from './memory.ts'
import { Server } from './servers.ts'
import { Totals } from './totals.ts'
import { random } from './traffic.ts'

const usage = `npm run soak -- [options]    hold connections with mixed traffic, while servers die and come back

  --minutes N   how long (default 10)
  --sockets N   connections at a time (default 2000)
  --pause N     seconds between two messages of a connection, on average (default 6)
  --chart FILE  write the memory over time as an SVG
  -h, --help    print this

Each echo is compared with its message, and each end with its cause. The exit code is 1 if one differs, if connections are left, or if
the memory of the second half has a slope.`

/** Milliseconds between two kills of a server, between two lines of progress, and between two looks at whether all is open. */
const KILL_INTERVAL = 20_000
const PROGRESS_INTERVAL = 4000
const FILL_INTERVAL = 500

/**
 * The part of the run after which the memory is looked at, for each line of progress: some time before the second half, which alone is
 * judged. Each look collects garbage, which takes a third of a second of CPU time. For a chart it is looked at from the start.
 */
const UNSEEN = 0.4

/**
 * The part of the connections that has to be open before the first message is sent and the time runs: their memory is no slope. On a
 * machine that has other things to do that takes a while, and after some milliseconds the time runs all the same.
 */
const FILLED = 0.95
const FILL_LIMIT = 60_000

/** Growth that is no slope, of the second half of the run: this part of the memory, and some MiB that come and go. */
const NOISE = 0.1
const NOISE_MEBIBYTES = { resident: 24, heap: 6 }

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    sockets: { type: 'string', default: '2000' },
    pause: { type: 'string', default: '6' },
    chart: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
})
if (values.help === true) console.log(usage)
else process.exitCode = await soak(Number(values.minutes), Number(values.sockets), Number(values.pause) * 1000)

/** @param pause milliseconds between two messages of a connection, on average */
async function soak(minutes: number, sockets: number, pause: number): Promise<number> {
  if (!(minutes > 0 && sockets > 0 && pause >= 0)) throw new Error(usage)
  const totals = new Totals()
  process.on('uncaughtException', error => totals.faults.push(`uncaught: ${error.stack}`))
  process.on('unhandledRejection', reason => totals.faults.push(`unhandled: ${reason}`))
  const servers = [new Server(), new Server(), new Server()]
  for (const server of servers) await server.start()
  const stop = new AbortController()
  setMaxListeners(0, stop.signal)
  let begin = (): void => {}
  const begun = new Promise<void>(resolve => {
    begin = resolve
  })
  const all = Array.from({ length: sockets }, () => {
    return keepTalking(() => servers[random(servers.length)]!.url, totals, pause, begun, stop.signal)
  })
  const latest = performance.now() + FILL_LIMIT
  while (totals.open < sockets * FILLED && performance.now() < latest) {
    progress(`${totals.open} connections are open`)
    await sleep(FILL_INTERVAL)
  }
  begin()
  const startedAt = performance.now()
  const end = startedAt + minutes * 60_000
  const samples: MemorySample[] = []
  let nextKill = startedAt + KILL_INTERVAL
  let killing: Promise<void> | undefined
  while (performance.now() < end) {
    await sleep(PROGRESS_INTERVAL)
    const seconds = (performance.now() - startedAt) / 1000
    const isSeen = values.chart !== undefined || seconds > minutes * 60 * UNSEEN
    if (isSeen) samples.push(sampleMemory(startedAt))
    progress(`${seconds.toFixed(0)} s: ${totals.line()}${isSeen ? `, ${describe(samples.at(-1)!)}` : ''}`)
    if (performance.now() < nextKill || performance.now() > end - KILL_INTERVAL / 2) continue
    nextKill += KILL_INTERVAL
    await killing
    killing = servers[random(servers.length)]!.restart()
  }
  await killing
  stop.abort()
  await Promise.all(all)
  const left = await connectionsLeft()
  for (const server of servers) await server.stop()
  if (values.chart !== undefined) drawChart(values.chart, samples)
  return summarize(totals, samples, minutes, left, servers)
}

function summarize(totals: Totals, samples: MemorySample[], minutes: number, left: number, servers: Server[]): number {
  const { faults } = totals
  if (totals.sent !== totals.echoed + totals.lost) faults.push('messages are missing in the counts')
  if (totals.opened !== totals.clean + totals.broken) faults.push('connections are missing in the counts')
  if (totals.echoed === 0) faults.push('no message was echoed')
  if (left > 0) faults.push(`${left} connections were left open`)
  progress('')
  console.log(
    `\n${totals.line()}; ${(totals.bytes / 1e6).toFixed(0)} MB, ${servers.map(({ kills }) => kills).join(' + ')} kills`,
  )
  for (const member of ['resident', 'heap'] as const) {
    const grown = growth(samples, member, minutes * 30)
    const level = samples.at(-1)![member]
    console.log(`${member}: ${level.toFixed(1)} MiB, ${grown.toFixed(1)} MiB of growth in the second half`)
    if (grown > level * NOISE + NOISE_MEBIBYTES[member]) faults.push(`the ${member} memory grows`)
  }
  for (const [fault, times] of countEach(faults)) console.error(`fault (${times}): ${fault}`)
  return faults.length === 0 ? 0 : 1
}

function describe({ resident, heap }: MemorySample): string {
  return `resident ${resident.toFixed(0)} MiB, heap ${heap.toFixed(1)} MiB`
}

/** Waits for what the last closes have left to go, five seconds at most. */
async function connectionsLeft(): Promise<number> {
  const count = (): number => process.getActiveResourcesInfo().filter(name => name.startsWith('TCP')).length
  for (let round = 0; round < 50 && count() > 0; round++) await sleep(100)
  return count()
}

function countEach(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return counts
}

/** Overwrites one line on a terminal; elsewhere it writes lines. */
function progress(text: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${text}`)
  else if (text !== '') console.log(text)
}
