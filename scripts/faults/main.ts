import process from 'node:process'
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import type { Kind, Outcome } from '../../spec-tests/faults/dialogue.ts'
import { causeOf, deviations, leftovers } from '../../spec-tests/faults/judge.ts'
import { FaultyPeer } from '../../spec-tests/faults/peer.ts'
import { measureDialogue, runSchedules } from '../../spec-tests/faults/run.ts'
import { everyOffset, type Schedule, schedules } from '../../spec-tests/faults/schedule.ts'
import { type Way, wayNames, ways } from '../../spec-tests/faults/way.ts'
import { runNetworkFaults } from './namespace.ts'

const usage = `npm run faults -- [options]    cut, delay and silence connections at every byte, on all ways to a server

  --way WAY        only this one: ${wayNames.join(', ')}
  --step N         try each Nth offset (default 1; over TLS and HTTP/2 7 times as many are left out)
  --runs N         random schedules for each class and way (default 500)
  --seed SEED      of the random schedules (default 19)
  --schedule JSON  only this one, as a deviation prints it
  --network        only the faults of the network itself: packets that are lost, repeated, late and out of order, no answer to a
                   SYN, a link that is down, silence. They need Linux, Python 3 and network namespaces, and are left out elsewhere
  -h, --help       print this

Prints a table of causes and the codes that they had, and each deviation. The exit code is 1 if there is one.`

const { values } = parseArgs({
  options: {
    way: { type: 'string' },
    step: { type: 'string', default: '1' },
    runs: { type: 'string', default: '500' },
    seed: { type: 'string', default: '19' },
    schedule: { type: 'string' },
    network: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  },
})
if (values.help === true) console.log(usage)
else {
  if (values.network !== true) await main()
  if (values.way === undefined && values.schedule === undefined) disturbNetwork()
}

async function main(): Promise<void> {
  const peer = await FaultyPeer.start()
  const table = new Map<string, Map<string, number>>()
  let count = 0
  let wrong = 0
  const judge = (outcome: Outcome): void => {
    count++
    const codes = table.get(causeOf(outcome)) ?? new Map<string, number>()
    table.set(causeOf(outcome), codes)
    const code = outcome.code ?? `clean close, ${outcome.cleanCode}`
    codes.set(code, (codes.get(code) ?? 0) + 1)
    for (const text of deviations(outcome)) {
      wrong++
      const { kind, way, schedule } = outcome
      console.error(`deviation, ${kind}, ${way}: ${text}\n  --way '${way}' --schedule '${JSON.stringify(schedule)}'`)
    }
  }
  for (const way of chosenWays()) {
    for (const kind of ['WebSocket', 'WebSocketStream'] as const) {
      await runSchedules(peer, kind, way, await choose(peer, kind, way), judge)
      if (process.stderr.isTTY) console.error(`${count} schedules, ${wrong} deviations`)
    }
  }
  const left = await leftovers(/^(TCP|TLS|Timeout)/)
  await peer.close()
  console.log('| way | class | fault | phase | codes |\n| --- | --- | --- | --- | --- |')
  for (const [cause, codes] of [...table].sort(([one], [other]) => (one < other ? -1 : 1))) {
    console.log(`| ${cause} | ${[...codes].map(([code, times]) => `${code} (${times})`).join(', ')} |`)
  }
  console.log(`\n${count} schedules, ${wrong} deviations, left behind: ${left.join(', ') || 'nothing'}`)
  process.exitCode = wrong === 0 && left.length === 0 ? 0 : 1
}

function disturbNetwork(): void {
  const { ran, passed, text } = runNetworkFaults()
  console.log(ran ? `\n${text}` : `\nThe faults of the network itself are left out: ${text}`)
  if (ran && !passed) process.exitCode = 1
}

function chosenWays(): readonly Way[] {
  if (values.way === undefined) return wayNames
  const way = wayNames.find(name => name === values.way)
  if (way === undefined) throw new Error(`There is no way "${values.way}"\n\n${usage}`)
  return [way]
}

async function choose(peer: FaultyPeer, kind: Kind, way: Way): Promise<readonly Schedule[]> {
  if (values.schedule !== undefined) return [JSON.parse(values.schedule) as Schedule]
  const lengths = await measureDialogue(peer, kind, way)
  const { secure, http2 } = ways[way]
  const step = Number(values.step) * (secure || http2 ? 7 : 1)
  const random = fc.sample(schedules(lengths, way), { numRuns: Number(values.runs), seed: Number(values.seed) })
  return [...everyOffset(lengths, way, step, step * 11), ...random]
}
