/** The results as text for a terminal. */
import { findBottlenecks, judge, type Verdict } from './goals.ts'
import { best, digits, type Figure, figuresOf, findRow, type Results, type Row } from './results.ts'
import { findScenario, isPaidOnce, scenarios } from './scenarios.ts'

/** All tables: figures, sizes, and which goals are met. */
export function report(results: Results): string {
  const parts = [table(results), sizes(results), verdicts(judge(results))]
  if (results.scale < 1)
    parts.push('Goals are for all of the messages: with fewer, the compilers have hardly warmed up.')
  const narrow = findBottlenecks(results.rows)
  if (narrow.length > 0) parts.push(`The server needs more CPU than the fastest client here: ${narrow.join('; ')}.`)
  const failed = results.rows.filter(row => row.failures.some(({ failure }) => failure !== 'unsupported'))
  parts.push(...failed.map(row => `${row.scenario}, ${row.target}: ${failureOf(row)}`))
  return parts.filter(part => part !== '').join('\n\n')
}

function sizes({ sizes }: Results): string {
  const lines = sizes.map(({ name, packed, bundle }) => {
    const bundled = bundle === undefined ? '' : `, WebSocket alone in a bundle ${(bundle / 1000).toFixed(1)} kB`
    return `  ${name.padEnd(22)}packed ${(packed / 1000).toFixed(0)} kB${bundled}`
  })
  return lines.length === 0 ? '' : ['size', ...lines].join('\n')
}

/** A line for each goal whose figures were measured. */
function verdicts(all: readonly Verdict[]): string {
  const known = all.filter(({ met }) => met !== undefined)
  if (known.length === 0) return ''
  const lines = known.map(({ what, target, measured, bound, ratios, met }) =>
    `  ${met ? 'met   ' : 'MISSED'}  ${what.padEnd(48)}${target.padEnd(24)}${measured.padEnd(8)}${[bound && `bounded by ${bound}`, ratios].filter(Boolean).join('; ')}`.trimEnd(),
  )
  return [`goals: ${summary(all)}`, ...lines].join('\n')
}

/** How many goals are met and missed, such as "3 met, 1 missed". */
export function summary(all: readonly Verdict[]): string {
  const [met, missed, unknown] = [true, false, undefined].map(state => all.filter(one => one.met === state).length)
  return `${met} met, ${missed} missed${unknown === 0 ? '' : `, ${unknown} not measured`}`
}

/** A block for each scenario, a line for each target. */
function table({ rows }: Results): string {
  const lines: string[] = []
  for (const scenario of scenarios) {
    const members = rows.filter(row => row.scenario === scenario.name)
    if (members.length === 0) continue
    const [main, ...others] = figuresOf(scenario) as [Figure, ...Figure[]]
    lines.push('', `${scenario.name} (${main.unit})`)
    for (const row of members) {
      const name = `  ${row.target.padEnd(22)}`
      const value = best(row, main.name)
      if (value === undefined) lines.push(`${name}  ${failureOf(row)}`)
      else {
        const more = others.flatMap(figure => {
          const other = best(row, figure.name)
          return other === undefined ? [] : `${digits(other / figure.divisor)} ${figure.unit}`
        })
        lines.push(
          `${name}${digits(value / main.divisor).padStart(9)}  ${ratioToOurs(row, rows, main).padEnd(12)}${[...rates(row), ...more].join(', ')}`.trimEnd(),
        )
      }
    }
  }
  return lines.join('\n')
}

/** The ratio of a target to ours on the same runtime. */
function ratioToOurs(row: Row, rows: readonly Row[], { name }: Figure): string {
  const runtime = row.target.split(', ')[1]
  const ours = findRow(rows, row.scenario, `ours, ${runtime}`)
  const [value, reference] = [best(row, name), best(ours, name)]
  if (ours === row || !value || !reference) return ''
  return `${(value / reference).toFixed(2)}x ours`
}

/** Messages or connections per second of wall time. */
function rates(row: Row): string[] {
  const wall = best(row, 'wall')
  const { kind } = findScenario(row.scenario)!
  if (wall === undefined || wall === 0 || isPaidOnce(kind)) return []
  return [`${Math.round(1e6 / wall).toLocaleString('en')} a second`]
}

export function failureOf({ failures }: Row): string {
  const [first] = failures
  if (first === undefined) return 'not measured'
  if (first.failure === 'content') return `WRONG CONTENT: ${first.message}`
  return first.failure === 'unsupported' ? first.message : `failed: ${first.message}`
}
