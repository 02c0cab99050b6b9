/** The scenarios about connections, with sockets of any kind. */
import process from 'node:process'
import { begin, collectGarbage, end, type Measurement } from './measuring.ts'
import { type Scenario, warmUpOf } from './scenarios.ts'

/** Number of idle connections that are opened at the same time. */
const AT_ONCE = 100

/** Opens and closes connections, one after the other. `once` does that for one of them. */
export async function measureOneByOne(scenario: Scenario, once: () => Promise<void>): Promise<Measurement> {
  for (let index = warmUpOf(scenario); index > 0; index--) await once()
  begin()
  for (let index = 0; index < scenario.count; index++) await once()
  return end(scenario.count)
}

/** Opens connections and leaves them open: memory, and time to open, for each. */
export async function measureIdle<Socket>(
  scenario: Scenario,
  open: () => Promise<Socket>,
): Promise<{ measurement: Measurement; sockets: Socket[] }> {
  const sockets: Socket[] = []
  const openSome = async (count: number): Promise<void> => {
    for (let left = count; left > 0; left -= AT_ONCE) {
      sockets.push(...(await Promise.all(Array.from({ length: Math.min(left, AT_ONCE) }, open))))
    }
  }
  await openSome(warmUpOf(scenario))
  collectGarbage()
  const before = process.memoryUsage().rss
  begin()
  await openSome(scenario.count)
  const opened = end(scenario.count)
  collectGarbage()
  const memory = (process.memoryUsage().rss - before) / scenario.count
  return { measurement: { ...opened, memory }, sockets }
}
