import process from 'node:process'
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import type { Kind, Outcome } from '../../spec-tests/faults/dialogue.ts'
import { causeOf, deviations, leftovers } from '../../spec-tests/faults/judge.ts'
import { FaultyPeer } from '../../spec-tests/faults/peer.ts'
import { measureDialogue, runSchedules } from '../../spec-tests/faults/run.ts'
import { everyOffset, type Schedule, schedules } from '../../spec-tests/faults/schedule.ts'

const usage = `npm run faults -- [options]    cut, delay and silence connections at every byte, over ws and wss

  --step N         try each Nth offset (default 1; over wss 7 times as many are left out)
  --runs N         random schedules for each class and scheme (default 500)
  --seed SEED      of the random schedules (default 19)
  --schedule JSON  only this one, as a deviation prints it
  -h, --help       print this

Prints a table of causes and the codes that they had, and each deviation. The exit code is 1 if there is one.`

const { values } = parseArgs({
  options: {
    step: { type: 'string', default: '1' },
    runs: { type: 'string', default: '500' },
    seed: { type: 'string', default: '19' },
    schedule: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
})
if (values.help === true) console.log(usage)
else await main()

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
      const { kind, secure, schedule } = outcome
      console.error(
        `deviation, ${kind} over ${secure ? 'wss' : 'ws'}: ${text}\n  --schedule '${JSON.stringify(schedule)}'`,
      )
    }
  }
  for (const secure of [false, true]) {
    for (const kind of ['WebSocket', 'WebSocketStream'] as const) {
      await runSchedules(peer, kind, secure, await choose(peer, kind, secure), judge)
      if (process.stderr.isTTY) console.error(`${count} schedules, ${wrong} deviations`)
    }
  }
  const left = await leftovers()
  await peer.close()
  console.log('| scheme | class | fault | phase | codes |\n| --- | --- | --- | --- | --- |')
  for (const [cause, codes] of [...table].sort(([one], [other]) => (one < other ? -1 : 1))) {
    console.log(`| ${cause} | ${[...codes].map(([code, times]) => `${code} (${times})`).join(', ')} |`)
  }
  console.log(`\n${count} schedules, ${wrong} deviations, left behind: ${left.join(', ') || 'nothing'}`)
  process.exitCode = wrong === 0 && left.length === 0 ? 0 : 1
}

async function choose(peer: FaultyPeer, kind: Kind, secure: boolean): Promise<readonly Schedule[]> {
  if (values.schedule !== undefined) return [JSON.parse(values.schedule) as Schedule]
  const lengths = await measureDialogue(peer, kind, secure)
  const step = Number(values.step) * (secure ? 7 : 1)
  const random = fc.sample(schedules(lengths, secure), { numRuns: Number(values.runs), seed: Number(values.seed) })
  return [...everyOffset(lengths, secure, step, step * 11), ...random]
}
