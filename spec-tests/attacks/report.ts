import process from 'node:process'
import { catalogue, checks } from './catalogue.ts'
import { type Measurement, measure } from './measure.ts'

/*
 * Carries all attacks out and prints what they did, as the table of docs/security.md. Arguments choose attacks by a part
 * of the name. Exits with 1 if one of them has succeeded.
 */

const chosen = process.argv.slice(2)
const isChosen = ({ name }: { name: string }): boolean =>
  chosen.length === 0 || chosen.some(part => name.includes(part))

console.log('| attack | from | bound | measured |\n|---|---|---|---|')
for (const attack of Object.values(catalogue).flat().filter(isChosen)) {
  const measurement = await measure(attack)
  print(attack, describe(measurement), measurement.problems)
}
for (const check of checks.filter(isChosen)) {
  const { measured, problems } = await check.run()
  print(check, measured, problems)
}

interface Row {
  readonly name: string
  readonly source: string
  readonly bound: string
}

function print({ name, source, bound }: Row, measured: string, problems: readonly string[]): void {
  console.log(`| ${[name, source, bound, measured].map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`)
  for (const problem of problems) {
    process.exitCode = 1
    console.error(`${name}: ${problem}`)
  }
}

function describe({ attack, cpu, growth, held, endings }: Measurement): string {
  const [small, large] = cpu.map(microseconds => Math.max(1, Math.round(microseconds / 1000)))
  const amounts = `${attack.amount.toLocaleString('en')}, then ${(attack.amount * 4).toLocaleString('en')} ${attack.unit}`
  const ends = endings.length > 3 ? [...endings.slice(0, 3), '...'] : endings
  const heap = held === undefined ? '' : `, the heap holds ${mebibytes(held)} MiB meanwhile`
  return `${amounts}: CPU ${small} ms, then ${large} ms; memory grows by ${mebibytes(growth)} MiB${heap}. ${ends.join('; ')}`
}

function mebibytes(bytes: number): string {
  return Math.max(0, bytes / 1024 / 1024).toFixed(1)
}
