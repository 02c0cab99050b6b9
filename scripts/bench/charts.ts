/** Draws the charts of docs/performance.md as SVG: one per group, with a panel and a scale for each scenario. */
import { best, byGroup, digits, figuresOf, findRow, type Results, type Row } from './results.ts'
import type { Group, Scenario } from './scenarios.ts'
import { newestNode } from './targets.ts'

export interface Chart {
  readonly name: string
  readonly svg: string
}

// The palette of Okabe and Ito, which colour-blind people can tell apart. Each bar also has its name beside it.
const COLOURS: Readonly<Record<string, string>> = {
  ours: '#0072b2',
  ws: '#e69f00',
  'ws + addons': '#d55e00',
  undici: '#cc79a7',
  'bare socket': '#999999',
  'built-in, bun': '#009e73',
  'built-in, deno': '#56b4e9',
}

const COLUMNS = 2
const PANEL = 460
const LABEL = 104
const BAR = 20
const TITLE = 30
const GAP = 14
/** Width that is kept free for the figure to the right of a bar. */
const VALUE = 60

export function charts(results: Results): Chart[] {
  const { rows, machine, date } = results
  return [...byGroup(rows)].flatMap(([group, members]) => {
    const panels = panelsOf(results, members)
    if (panels.length === 0) return []
    const caption = `${newestOf(rows)}, Bun and Deno; ${machine}; ${date}`
    return [{ name: chartName(group), svg: draw(group, panels, caption) }]
  })
}

/** The name of a chart's file, without its ending. */
export function chartName(group: Group): string {
  return group.replace(' ', '-')
}

/** Whether anything was measured that a chart of these scenarios would show. */
export function isCharted(results: Results, members: readonly Scenario[]): boolean {
  return panelsOf(results, members).length > 0
}

function panelsOf({ rows }: Results, members: readonly Scenario[]): Panel[] {
  return members
    .filter(({ charted }) => charted)
    .map(scenario => ({ scenario, bars: barsOf(rows, scenario, newestOf(rows)) }))
    .filter(({ bars }) => bars.length > 0)
}

function newestOf(rows: readonly Row[]): string {
  return newestNode([...new Set(rows.map(row => row.target.split(', ')[1]!))].map(name => ({ name }))) ?? ''
}

interface Bar {
  readonly name: string
  readonly value: number
}

interface Panel {
  readonly scenario: Scenario
  readonly bars: readonly Bar[]
}

function barsOf(rows: readonly Row[], scenario: Scenario, node: string): Bar[] {
  const figure = figuresOf(scenario)[0]!
  return Object.keys(COLOURS).flatMap(name => {
    const target = name.includes(', ') ? name : `${name}, ${node}`
    const value = best(findRow(rows, scenario.name, target), figure.name)
    return value === undefined ? [] : [{ name, value: value / figure.divisor }]
  })
}

function draw(group: Group, panels: readonly Panel[], caption: string): string {
  const columns = Math.min(COLUMNS, panels.length)
  const parts: string[] = []
  let y = 50
  for (let index = 0; index < panels.length; index += columns) {
    const row = panels.slice(index, index + columns)
    parts.push(...row.map((panel, column) => drawPanel(panel, column * PANEL + GAP, y)))
    y += TITLE + Math.max(...row.map(({ bars }) => bars.length)) * BAR + GAP
  }
  const width = columns * PANEL + GAP
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" width="${width}" height="${y}" font-family="sans-serif" font-size="12" fill="#222222">`,
    `<title>${escapeText(group)}: what each client needs, shorter is better</title>`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    `<text x="${GAP}" y="24" font-size="16" font-weight="bold">${escapeText(group)}: shorter is better</text>`,
    `<text x="${GAP}" y="40" font-size="10" fill="#555555">${escapeText(caption)}</text>`,
    ...parts,
    '</svg>\n',
  ].join('\n')
}

function drawPanel({ scenario, bars }: Panel, left: number, top: number): string {
  const longest = Math.max(...bars.map(({ value }) => value))
  const room = PANEL - GAP - LABEL - VALUE
  const title = `${scenario.name} (${figuresOf(scenario)[0]!.unit})`
  const lines = bars.map(({ name, value }, index) => {
    const y = top + TITLE - 8 + index * BAR
    const length = longest === 0 ? 1 : Math.max(1, (value / longest) * room)
    const weight = name === 'ours' ? ' font-weight="bold"' : ''
    return [
      `<text x="${left + LABEL - 6}" y="${y + 13}" text-anchor="end"${weight}>${escapeText(name)}</text>`,
      `<rect x="${left + LABEL}" y="${y + 1}" width="${length.toFixed(1)}" height="${BAR - 4}" fill="${COLOURS[name]}"/>`,
      `<text x="${(left + LABEL + length + 5).toFixed(1)}" y="${y + 13}"${weight}>${digits(value)}</text>`,
    ].join('')
  })
  return [`<text x="${left}" y="${top + 12}" font-weight="bold">${escapeText(title)}</text>`, ...lines].join('\n')
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
