/**
 * node build/scripts/memory/main.js [SECONDS]
 *
 * Measures the memory of a WebSocketStream under backpressure, in both directions. 1 GiB is sent to a receiver that at first is
 * slow, for SECONDS (default 10): the client takes one message per second, the server none. Then it reads at full speed. The
 * figures are the peak resident memory of the client process, above that with an idle open stream.
 */
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { measure, type Scenario } from './measure.ts'

const KIBIBYTE = 1024
const MEBIBYTE = 1024 * KIBIBYTE
const GIBIBYTE = 1024 * MEBIBYTE

const seconds = Number(process.argv[2] ?? 10)
if (!(seconds > 0)) throw new Error('SECONDS, the length of the slow part, is a number above 0')

const scenarios: Scenario[] = [64 * KIBIBYTE, MEBIBYTE].flatMap(size =>
  [false, true].flatMap(secure =>
    (['receive', 'send'] as const).map(direction => ({ direction, secure, size, total: GIBIBYTE, compressed: false })),
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

function mebibytes(bytes: number): string {
  return `${(bytes / MEBIBYTE).toFixed(1)} MiB`
}
