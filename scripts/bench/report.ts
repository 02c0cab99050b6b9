/** How the figures are shown: a table in the terminal, Markdown and charts for the documentation. */
import type { Measurement } from './client.ts'

export interface Row {
  readonly scenario: string
  readonly target: string
  /** The least of each figure. */
  readonly best: Measurement
  readonly runs: Measurement[]
}

/** The figure that a scenario is judged by, and its unit. */
function figure(row: Row): { value: number; unit: string } {
  const { cpu, memory, delay99 } = row.best
  if (delay99 !== undefined) return { value: delay99, unit: 'ms, 99th percentile' }
  if (row.scenario.startsWith('idle')) return { value: (memory ?? 0) / 1024, unit: 'KiB a connection' }
  if (row.scenario === 'import') return { value: (cpu ?? 0) / 1000, unit: 'ms of CPU' }
  return { value: cpu ?? 0, unit: 'µs of CPU each' }
}

function grouped(rows: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>()
  for (const row of rows) groups.set(row.scenario, [...(groups.get(row.scenario) ?? []), row])
  return groups
}

/** The runtime is what stands behind the comma. */
function runtimeOf(row: Row): string {
  return row.target.split(', ')[1] ?? ''
}

/** By how much more a target needs than ours does on the same runtime. */
function ratioToOurs(row: Row, group: readonly Row[]): string {
  const ours = group.find(({ target }) => target === `ours, ${runtimeOf(row)}`)
  if (ours === undefined || ours === row || figure(ours).value === 0) return ''
  return `${(figure(row).value / figure(ours).value).toFixed(2)}x ours`
}

export function table(rows: readonly Row[]): string {
  const lines: string[] = []
  for (const [scenario, group] of grouped(rows)) {
    lines.push('', `${scenario} (${figure(group[0]!).unit})`)
    for (const row of group) {
      const wall = row.best.wall === undefined ? '' : `${row.best.wall.toFixed(2)} µs wall`
      lines.push(
        `  ${row.target.padEnd(24)}${figure(row).value.toFixed(3).padStart(12)}  ${ratioToOurs(row, group).padEnd(14)}${wall}`,
      )
    }
  }
  return lines.join('\n')
}

export function markdown(rows: readonly Row[], machine: string): string {
  const date = new Date().toISOString().slice(0, 10)
  const parts = [
    '# Performance',
    '',
    `Measured on ${date}: ${machine}. Each figure is the least of several runs, each in a process of its own, all targets in`,
    'turn. Smaller is better everywhere. The bare socket carries the same bytes and does nothing with them.',
    '',
    'To measure it yourself: `node build/scripts/runtimes/install.js` for the other runtimes, then `npm run bench -- --docs docs`.',
  ]
  for (const [scenario, group] of grouped(rows)) {
    parts.push('', `## ${scenario}`, '', `![${scenario}](charts/${fileName(scenario)}.svg)`, '')
    parts.push(`| | ${figure(group[0]!).unit} | against ours |`, '|---|---:|---:|')
    for (const row of group)
      parts.push(`| ${row.target} | ${figure(row).value.toFixed(3)} | ${ratioToOurs(row, group)} |`)
  }
  return `${parts.join('\n')}\n`
}

function fileName(scenario: string): string {
  return scenario.toLowerCase().replace(/[^a-z0-9]+/g, '-')
}

const BAR = 22
const LABEL = 190
const WIDTH = 720

/** One chart of bars for each scenario. */
export function charts(rows: readonly Row[]): { name: string; svg: string }[] {
  return [...grouped(rows)].map(([scenario, group]) => {
    const longest = Math.max(...group.map(row => figure(row).value))
    const bars = group.map((row, index) => {
      const { value } = figure(row)
      const width = Math.max(1, (value / longest) * (WIDTH - LABEL - 80))
      const y = index * BAR + 34
      const colour = row.target.startsWith('ours') ? '#0072b2' : row.target.startsWith('bare') ? '#999999' : '#e69f00'
      return (
        `<text x="${LABEL - 8}" y="${y + 13}" text-anchor="end">${row.target}</text>` +
        `<rect x="${LABEL}" y="${y}" width="${width.toFixed(1)}" height="${BAR - 6}" fill="${colour}"/>` +
        `<text x="${(LABEL + width + 6).toFixed(1)}" y="${y + 13}">${value.toFixed(2)}</text>`
      )
    })
    const height = group.length * BAR + 44
    const svg =
      `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="12">` +
      `<rect width="100%" height="100%" fill="white"/>` +
      `<text x="10" y="20" font-size="14" font-weight="bold">${scenario} (${figure(group[0]!).unit})</text>${bars.join('')}</svg>\n`
    return { name: fileName(scenario), svg }
  })
}
