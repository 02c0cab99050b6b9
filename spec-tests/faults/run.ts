import { converse, type Kind, type Outcome } from './dialogue.ts'
import type { FaultyPeer } from './peer.ts'
import type { Lengths, Schedule } from './schedule.ts'
import type { Way } from './way.ts'

/** Connections at a time. */
const WIDTH = 40

/** The lengths of a dialogue that nothing disturbs. */
export async function measureDialogue(peer: FaultyPeer, kind: Kind, way: Way): Promise<Lengths> {
  const { peer: report } = await converse(peer, kind, {}, way)
  return { down: report.down, up: report.up }
}

/** Runs all schedules, some at a time. */
export async function runSchedules(
  peer: FaultyPeer,
  kind: Kind,
  way: Way,
  schedules: readonly Schedule[],
  onOutcome: (outcome: Outcome) => void,
): Promise<void> {
  let index = 0
  const work = async (): Promise<void> => {
    while (index < schedules.length) onOutcome(await converse(peer, kind, schedules[index++]!, way))
  }
  await Promise.all(Array.from({ length: WIDTH }, work))
}
