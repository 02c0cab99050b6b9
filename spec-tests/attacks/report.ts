import process from 'node:process'
import { catalogue, checks } from './catalogue.ts'
import { type Measurement, measure } from './measure.ts'

/*
 * Carries all attacks out and prints what they did as a table for docs/security.md. Arguments choose attacks by a part
 * of the name. Exits with 1 if one of them succeeded.
 */

const chosen = process.argv.slice(2)
const isChosen = ({ name }: { name: string }): boolean =>
  chosen.length === 0 || chosen.some(part => name.includes(part))
console.log('| attack | from | bound | amount, and 4 times as much | ends with | CPU time | memory |')
console.log('|---|---|---|---|---|---|---|')
for (const attack of catalogue.filter(isChosen)) {
  const measurement = await measure(attack)
  console.log(row(measurement))
  complain(attack.name, measurement.problems)
}
console.log('\n| attack | from | bound | measured |\n|---|---|---|---|')
for (const { name, source, bound, run } of checks.filter(isChosen)) {
  const { measured, problems } = await run()
  console.log(line([name, source, bound, measured]))
  complain(name, problems)
}

function complain(name: string, problems: readonly string[]): void {
  for (const problem of problems) {
    process.exitCode = 1
    console.error(`${name}: ${problem}`)
  }
}

function row({ attack, cpu, growth, held, endings }: Measurement): string {
  const [small, large] = cpu.map(microseconds => Math.round(microseconds / 1000))
  const heap = held === undefined ? '' : `, heap ${mebibytes(held)} of ${attack.memory.held ?? '-'}`
  return line([
    attack.name,
    attack.source,
    attack.bound,
    `${attack.amount.toLocaleString('en')} ${attack.unit}`,
    endings.length > 4 ? `${endings.slice(0, 4).join('; ')}; ...` : endings.join('; '),
    `${small} ms, ${large} ms (${attack.work})`,
    `${mebibytes(growth)} of ${attack.memory.limit} MiB${heap}`,
  ])
}

function line(cells: readonly string[]): string {
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function mebibytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1)
}
