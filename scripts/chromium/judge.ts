import type { Difference } from './difference.ts'
import type { Logs } from './subjects.ts'

export interface Judgement {
  /** Scenarios in which the logs are the same as they stand. */
  readonly same: number
  /** The scenarios that show a known difference, by its name. */
  readonly known: ReadonlyMap<string, readonly string[]>
  /** Differences that nothing explains. */
  readonly unexplained: readonly Unexplained[]
  /** Known differences that could have been found, and were not. */
  readonly gone: readonly string[]
}

export interface Unexplained {
  readonly scenario: string
  /** What ours had to be, by Chromium's logs and the known differences. */
  readonly expected: Logs
  readonly ours: Logs
}

/** Holds our logs against those of Chromium, translated by what is known. */
export function judge(
  chromium: ReadonlyMap<string, Logs>,
  ours: ReadonlyMap<string, Logs>,
  differences: readonly Difference[],
  runtime: string,
): Judgement {
  const relevant = differences.filter(({ runtimes }) => runtimes === undefined || runtimes.test(runtime))
  const known = new Map<string, string[]>()
  const unexplained: Unexplained[] = []
  let same = 0
  for (const [scenario, theirs] of chromium) {
    const own = ours.get(scenario)!
    if (isSame(theirs, own)) same++
    let expected = theirs
    const used: string[] = []
    for (const { name, scenarios, translate } of relevant) {
      if (!scenarios.test(scenario)) continue
      const translated = translate(expected, scenario, own)
      if (!isSame(translated, expected)) used.push(name)
      expected = translated
    }
    if (!isSame(expected, own)) unexplained.push({ scenario, expected, ours: own })
    else for (const name of used) known.set(name, [...(known.get(name) ?? []), scenario])
  }
  const names = [...chromium.keys()]
  const gone = relevant
    .filter(({ name, scenarios }) => !known.has(name) && names.some(scenario => scenarios.test(scenario)))
    .map(({ name }) => name)
  return { same, known, unexplained, gone }
}

function isSame(one: Logs, other: Logs): boolean {
  return isSameLog(one.client, other.client) && isSameLog(one.server, other.server)
}

function isSameLog(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((line, index) => line === other[index])
}
