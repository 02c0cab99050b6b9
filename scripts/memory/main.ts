import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { measure, type Scenario } from './measure.ts'

const KIBIBYTE = 1024
const MEBIBYTE = 1024 * KIBIBYTE
const GIBIBYTE = 1024 * MEBIBYTE

const usage = `node build/scripts/memory/main.js [SECONDS]    measures the memory of a WebSocketStream under backpressure, in both directions

1 GiB is sent to a receiver that at first is slow, for SECONDS (10 by default): the client takes one message a second, the server
none. Then it reads at full speed. The figures are the peak resident memory of the client's process, above that with an idle open
stream. It is the table of docs/streams.md.

  -h, --help   print this`

process.exitCode = await main()

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { help: { type: 'boolean', short: 'h' } },
    allowPositionals: true,
  })
  if (values.help) {
    console.log(usage)
    return 0
  }
  const seconds = Number(positionals[0] ?? 10)
  if (!(seconds > 0) || positionals.length > 1) {
    console.error(`SECONDS, the length of the slow part, is one number above 0\n\n${usage}`)
    return 2
  }
  await printTable(seconds)
  return 0
}

async function printTable(seconds: number): Promise<void> {
  const scenarios: Scenario[] = [64 * KIBIBYTE, MEBIBYTE].flatMap(size =>
    [false, true].flatMap(secure =>
      (['receive', 'send'] as const).map(direction => ({
        direction,
        secure,
        size,
        total: GIBIBYTE,
        compressed: false,
      })),
    ),
  )
  scenarios.push({ direction: 'receive', secure: false, size: MEBIBYTE, total: GIBIBYTE, compressed: true })

  console.log('| 1 GiB | messages | went through while slow | peak while slow | peak |')
  console.log('| --- | --- | ---: | ---: | ---: |')
  for (const scenario of scenarios) {
    const { idle, slowPeak, peak, slowBytes, bytes } = await measure(scenario, () => sleep(seconds * 1000))
    if (bytes !== scenario.total) throw new Error(`${bytes} bytes went through instead of ${scenario.total}`)
    const name = `${scenario.direction}, ${scenario.secure ? 'wss' : 'ws'}${scenario.compressed ? ', compressed' : ''}`
    const size = scenario.size < MEBIBYTE ? `${scenario.size / KIBIBYTE} KiB` : `${scenario.size / MEBIBYTE} MiB`
    console.log(
      `| ${name} | ${size} | ${mebibytes(slowBytes)} | ${mebibytes(slowPeak - idle)} | ${mebibytes(peak - idle)} |`,
    )
  }
}

function mebibytes(bytes: number): string {
  return `${(bytes / MEBIBYTE).toFixed(1)} MiB`
}
