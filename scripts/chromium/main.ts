import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { findRuntimes, type Runtime } from '../runtimes/runtimes.ts'
import { differences } from './differences.ts'
import { type Judgement, judge, type Unexplained } from './judge.ts'
import type { Scenario } from './scenario.ts'
import { scenarios } from './scenarios.ts'
import { ChromiumSubject, inRuntime, type Logs, record } from './subjects.ts'
import { markdownTable } from './table.ts'

const usage = `npm run chromium -- [options] [RUNTIME...]    the same scenarios in Chromium and here, and their logs compared

Runs scenarios of a raw server and a client: in headless Chromium with its own classes, and with those of this package in the
runtimes that are named, by default "this" (which runs this command), or with --all in all that "npm run runtimes" has installed.
A difference that scripts/chromium/differences.ts does not know is an error, and so is one there that is found no more.

      --short         every fourth scenario, and none that waits for a time limit; for CI
      --scenario TEXT only scenarios with this text in their names, with their logs
      --docs          write the table of docs/compatibility.md
      --all           all installed runtimes but workerd
  -h, --help          print this`

const root = fileURLToPath(new URL('../../..', import.meta.url))
/** Of so many scenarios the short form runs one. */
const SHORT = 4

const { values, positionals } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    scenario: { type: 'string' },
    docs: { type: 'boolean', default: false },
    all: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h' },
  },
  allowPositionals: true,
})
if (values.help === true) console.log(usage)
else process.exitCode = await main()

async function main(): Promise<number> {
  const here: Runtime = { name: 'this', kind: 'node', version: process.versions.node, executable: process.execPath }
  const installed = [here, ...findRuntimes().filter(({ kind }) => kind !== 'workerd')]
  const wanted = values.all
    ? installed.slice(1).map(({ name }) => name)
    : positionals.length > 0
      ? positionals
      : ['this']
  const runtimes = wanted.map(name => installed.find(runtime => runtime.name === name))
  const missing = wanted.filter((_name, index) => runtimes[index] === undefined)
  if (missing.length > 0 || runtimes.length === 0) {
    console.error(`Not installed: ${missing.join(', ')}. Install with: npm run runtimes -- ${missing.join(' ')}`)
    return 1
  }
  const chosen = choose()
  const chromium = await ChromiumSubject.open()
  let theirs: Map<string, Logs>
  try {
    console.log(`${chosen.length} scenarios, in Chromium ${chromium.version}`)
    theirs = await record(chosen, chromium.run)
  } finally {
    await chromium.close()
  }
  const judgements = new Map<string, Judgement>()
  for (const runtime of runtimes as Runtime[]) {
    const label = `${runtime.kind} ${runtime.version}`
    const judgement = judge(theirs, await record(chosen, inRuntime(runtime)), differences, label)
    judgements.set(label, judgement)
    report(label, judgement, chosen.length)
  }
  if (values.docs) writeTable(judgements, chosen.length, chromium.version)
  // A single scenario may be one in which a difference does not show.
  const isGone = ({ gone }: Judgement): boolean => values.scenario === undefined && !values.short && gone.length > 0
  return [...judgements.values()].some(one => one.unexplained.length > 0 || isGone(one)) ? 1 : 0
}

function choose(): readonly Scenario[] {
  const { scenario: text, short } = values
  const chosen = scenarios.filter(({ name, slow }) => (text === undefined || name.includes(text)) && !(short && slow))
  return short ? chosen.filter((_scenario, index) => index % SHORT === 0) : chosen
}

function report(runtime: string, { same, known, unexplained, gone }: Judgement, count: number): void {
  console.log(`\n${runtime}: ${same} of ${count} scenarios are the same`)
  for (const [name, found] of known) console.log(`  ${found.length}: ${name}`)
  for (const one of unexplained) console.log(describe(one))
  if (values.short || values.scenario !== undefined) return
  for (const name of gone) console.log(`FAIL  a difference that is found no more: ${name}`)
}

function describe({ scenario, expected, ours }: Unexplained): string {
  const sides = (['client', 'server'] as const).map(side => [
    `    ${side}, as Chromium and the known differences have it:`,
    ...expected[side].map(line => `      ${line}`),
    `    ${side}, here:`,
    ...ours[side].map(line => `      ${line}`),
  ])
  return [`FAIL  ${scenario}`, ...sides.flat()].join('\n')
}

function writeTable(judgements: ReadonlyMap<string, Judgement>, count: number, version: string): void {
  const path = join(root, 'docs/compatibility.md')
  const [start, end] = ['<!-- chromium: made by npm run chromium -- --docs -->', '<!-- end of chromium -->']
  const text = readFileSync(path, 'utf8')
  const table = markdownTable(judgements, differences, count, version)
  const before = text.slice(0, text.indexOf(start) + start.length)
  writeFileSync(path, `${before}\n\n${table}\n\n${text.slice(text.indexOf(end))}`)
}
