import { behaviours, behavioursOf } from './behaviours.ts'
import { count, type FileResult, labelOf, withSameSubtests } from './results.ts'

/** A heading and rows, as text. */
export type Table = readonly (readonly string[])[]

/** The numbers of passed and of all subtests: a row per subject, a column per scope and variant. */
export function countsTable(reported: readonly FileResult[]): Table {
  const results = withSameSubtests(reported)
  const columns = unique(results.map(columnOf)).sort()
  const rows = [...groupBy(results, ({ subject }) => labelOf(subject))].map(([label, own]) => {
    const cells = columns.map(column => passedOfTotal(own.filter(result => columnOf(result) === column)))
    return [label, ...cells, passedOfTotal(own)]
  })
  return [['', ...columns, 'all'], ...rows]
}

/**
 * The groups of tests by behaviour: a row per group, a column per subject. Subjects of one implementation with the same results
 * share a column. A group that every subject passes has no row.
 */
export function behavioursTable(reported: readonly FileResult[]): { table: Table; passedByAll: string[] } {
  const results = withSameSubtests(reported)
  const found = new Set(results.map(({ file }) => wordsOf(file)))
  const words = [...behaviours.map(behaviour => behaviour.words), takesABrowser].filter(name => found.has(name))
  const columns = new Map<string, { implementation: string; runtimes: string[]; cells: string[] }>()
  for (const own of groupBy(results, ({ subject }) => labelOf(subject)).values()) {
    const { implementation, runtime } = own[0]!.subject
    const byWords = groupBy(own, ({ file }) => wordsOf(file))
    const cells = words.map(name => standing(byWords.get(name) ?? []))
    const column = columns.get(`${implementation} ${cells}`)
    if (column) column.runtimes.push(runtime)
    else columns.set(`${implementation} ${cells}`, { implementation, runtimes: [runtime], cells })
  }
  const heading = ['', ...[...columns.values()].map(one => `${one.implementation} / ${one.runtimes.join(', ')}`)]
  const rows = words.map((name, index) => [name, ...[...columns.values()].map(({ cells }) => cells[index]!)])
  const isPassed = ([, ...cells]: string[]) => cells.every(cell => cell === allPass)
  return {
    table: [heading, ...rows.filter(row => !isPassed(row))],
    passedByAll: rows.filter(isPassed).map(([name]) => name!),
  }
}

const allPass = '✓'
const takesABrowser = 'What takes a browser'

/** A tick if all pass, otherwise how many of them. */
function standing(results: readonly FileResult[]): string {
  const { passed, total } = count(results)
  return total > 0 && passed === total ? allPass : passedOfTotal(results)
}

function passedOfTotal(results: readonly FileResult[]): string {
  const { passed, total } = count(results)
  return total === 0 ? '-' : `${passed}/${total}`
}

function wordsOf(file: string): string {
  return behavioursOf(file)[0]?.words ?? takesABrowser
}

export function markdownTable([heading, ...rows]: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |\n`
  return line(heading!) + line(heading!.map((_text, index) => (index === 0 ? '---' : '--:'))) + rows.map(line).join('')
}

function columnOf({ scope, variant }: FileResult): string {
  return `${scope} ${variant}`
}

function groupBy(results: readonly FileResult[], keyOf: (result: FileResult) => string): Map<string, FileResult[]> {
  const groups = new Map<string, FileResult[]>()
  for (const result of results) {
    const key = keyOf(result)
    groups.set(key, [...(groups.get(key) ?? []), result])
  }
  return groups
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)]
}
