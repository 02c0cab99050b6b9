/**
 * Writes docs/performance.md, which people read, and docs/performance-tables.md, which has all figures: each from a template with
 * prose and the results. And the charts.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chartName, charts, isCharted } from './charts.ts'
import { findBottlenecks, judge } from './goals.ts'
import { best, byGroup, digits, type Figure, figuresOf, findRow, type Results, type Row, roundsOf } from './results.ts'
import { type Group, groups, isPaidOnce, type Scenario } from './scenarios.ts'
import { failureOf, summary } from './table.ts'
import { newestNode } from './targets.ts'

/** The pages, each of which has a template of its name in scripts/bench. */
export const pages = ['performance.md', 'performance-tables.md'] as const

/** @param templates the folder of files in which a line {{name}} is replaced by a table or another part of the results */
export function writeDocuments(results: Results, templates: string, folder: string): void {
  mkdirSync(join(folder, 'charts'), { recursive: true })
  for (const { name, svg } of charts(results)) writeFileSync(join(folder, 'charts', `${name}.svg`), svg)
  for (const page of pages) {
    writeFileSync(join(folder, page), fill(readFileSync(join(templates, page), 'utf8'), results))
  }
}

/** @throws {Error} if the template has a name that is none of the parts */
export function fill(template: string, results: Results): string {
  return template.replace(/^\{\{([\w -]+)\}\}$/gm, (_, name: string) => part(name, results))
}

function part(name: string, results: Results): string {
  if (name === 'machine') return `Measured on ${results.date}, on ${results.machine}.`
  if (name === 'run') return describeRun(results)
  if (name === 'missed goals') return missedGoals(results)
  if (name === 'goals') return goals(results)
  if (name === 'size') return sizes(results)
  if (name === 'other runtimes') return otherRuntimes(results)
  const [, kind, group] = /^(chart|tables) (.+)$/.exec(name) ?? []
  if (!groups.includes(group as Group)) throw new Error(`the template asks for ${name}`)
  const members = byGroup(results.rows).get(group as Group) ?? []
  if (members.length === 0) return 'Not measured.'
  if (kind === 'tables') return tables(results, members)
  return isCharted(results, members) ? `![${group}](charts/${chartName(group as Group)}.svg)` : 'Not measured.'
}

function describeRun({ machine, date, versions, commands, rows }: Results): string {
  const commits = [...new Set(rows.map(({ commit }) => commit))]
  const narrow = findBottlenecks(rows)
  const note = `The server needed more CPU than the fastest client here, so that rates by the clock are its own: ${narrow.join('; ')}.`
  const names = Object.entries(versions).map(([name, version]) => `| ${name} | ${version} |`)
  return [
    '| | |',
    '|---|---|',
    `| machine | ${machine} |`,
    `| date | ${date} |`,
    `| this package at | ${commits.join(', ')} |`,
    `| rounds | ${roundsOf(rows)} |`,
    ...commands.map(words => `| command | \`${['npm run bench', words].filter(Boolean).join(' -- ')}\` |`),
    ...names,
    ...(narrow.length === 0 ? [] : ['', note]),
  ].join('\n')
}

/** How many goals are met, and a line for each row that is not as fast as it should be. */
function missedGoals(results: Results): string {
  const all = judge(results)
  const missed = all.filter(({ met }) => met === false)
  if (missed.length === 0) return `${summary(all)}.`
  const lines = missed.map(({ what, target, measured, bound }) => `| ${what} | ${target} | ${measured} | ${bound} |`)
  return [
    `${summary(all)}. Those that are missed:`,
    '',
    '| | goal | measured | what bounds it |',
    '|---|---|---:|---|',
    ...lines,
  ].join('\n')
}

function goals(results: Results): string {
  const lines = judge(results).map(({ what, target, measured, ratios, met }) => {
    const state = met === undefined ? '' : met ? 'met' : '**missed**'
    return `| ${what} | ${target} | ${measured} | ${state} | ${ratios} |`
  })
  return ['| | goal | measured | | ratios that are not judged |', '|---|---|---:|---|---|', ...lines].join('\n')
}

function sizes({ sizes }: Results): string {
  const lines = sizes.map(({ name, packed, bundle }) => {
    const bundled = bundle === undefined ? '' : (bundle / 1000).toFixed(1)
    return `| ${name} | ${(packed / 1000).toFixed(0)} | ${bundled} |`
  })
  return ['| | package, kB | `WebSocket` in a bundle, kB |', '|---|---:|---:|', ...lines].join('\n')
}

/** A table for each kind of figure that the scenarios of a group have. */
function tables({ rows }: Results, members: readonly Scenario[]): string {
  const figures = new Map<string, Figure>()
  for (const figure of members.flatMap(figuresOf)) figures.set(figure.unit, figure)
  const targets = targetsOf(rows, members)
  const all = [...figures.values()].map(figure => table(rows, membersWith(members, figure), targets, figure))
  const rated = members.filter(({ kind }) => !isPaidOnce(kind) && kind !== 'idle')
  if (rated.length > 0) all.push(table(rows, rated, targets, RATE))
  return all.join('\n\n')
}

function membersWith(members: readonly Scenario[], { unit }: Figure): Scenario[] {
  return members.filter(scenario => figuresOf(scenario).some(figure => figure.unit === unit))
}

const RATE: Figure = { name: 'wall', unit: 'thousands a second, by the clock', divisor: 1 }

/** The targets on the newest Node.js, on Bun and on Deno. Older versions of Node.js are shown in "On other runtimes". */
function targetsOf(rows: readonly Row[], members: readonly Scenario[]): string[] {
  const names = new Set(members.map(({ name }) => name))
  const targets = [...new Set(rows.filter(row => names.has(row.scenario)).map(row => row.target))]
  const runtimes = targets.map(target => target.split(', ')[1]!)
  const newest = newestNode(runtimes.map(name => ({ name })))
  return targets.filter((_, index) => runtimes[index] === newest || !runtimes[index]!.startsWith('node'))
}

function table(rows: readonly Row[], members: readonly Scenario[], targets: readonly string[], figure: Figure): string {
  const lines = members.map(({ name }) => {
    const cells = targets.map(target => cell(findRow(rows, name, target), figure))
    return `| ${name} | ${cells.join(' | ')} |`
  })
  return [`| ${figure.unit} | ${targets.join(' | ')} |`, `|---|${targets.map(() => '---:').join('|')}|`, ...lines].join(
    '\n',
  )
}

/** The best value of a figure, or why there is none. Wall time is shown as a rate. */
function cell(row: Row | undefined, figure: Figure): string {
  const value = best(row, figure.name)
  if (value !== undefined) return digits(figure === RATE ? 1000 / value : value / figure.divisor)
  if (row === undefined || (row.failures.length === 0 && row.runs.length > 0)) return ''
  return row.failures.some(({ failure }) => failure !== 'unsupported') ? 'failed' : failureOf(row)
}

/** This package on each runtime, in the figure that each scenario is judged by, and a bare socket in brackets. */
function otherRuntimes({ rows }: Results): string {
  const targets = [...new Set(rows.map(row => row.target))].filter(target => target.startsWith('ours, '))
  const lines = [...byGroup(rows).values()].flat().map(scenario => {
    const figure = figuresOf(scenario)[0]!
    const cells = targets.map(target => {
      const bare = cell(findRow(rows, scenario.name, target.replace('ours', 'bare socket')), figure)
      return `${cell(findRow(rows, scenario.name, target), figure)}${bare === '' ? '' : ` (${bare})`}`
    })
    return `| ${scenario.name}, ${figure.unit} | ${cells.join(' | ')} |`
  })
  const names = targets.map(target => target.slice('ours, '.length))
  return [`| | ${names.join(' | ')} |`, `|---|${names.map(() => '---:').join('|')}|`, ...lines].join('\n')
}
