import type { Difference } from './difference.ts'
import type { Judgement } from './judge.ts'

/** The table of docs/compatibility.md. */
export function markdownTable(
  judgements: ReadonlyMap<string, Judgement>,
  differences: readonly Difference[],
  count: number,
  version: string,
): string {
  const runtimes = [...judgements].map(([runtime, { same }]) => `${runtime} (${same} the same)`)
  const rows = differences.map(({ name, verdict, section, chromium, ours }) => {
    const counts = [...judgements.values()].map(({ known }) => known.get(name)?.length ?? 0)
    const least = Math.min(...counts)
    const most = Math.max(...counts)
    return `| ${[name, least === most ? most : `${least} to ${most}`, chromium, ours, `${verdict}: ${section}`].join(' | ')} |`
  })
  return [
    `${count} scenarios, in Chromium ${version} and ${runtimes.join(', ')}. In all others the logs are the same, but for these:`,
    '',
    '| what | scenarios | Chromium | this package | verdict |',
    '|---|--:|---|---|---|',
    ...rows,
  ].join('\n')
}
