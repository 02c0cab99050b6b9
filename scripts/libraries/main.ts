import { fork } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { replaceSection } from '../servers/documents.ts'
import { install, versionOf as serverVersion } from '../servers/install.ts'
import { loadRows } from '../servers/rows.ts'
import { ensureInstalled, versionOf } from './packages.ts'
import type { Outcome, Row } from './row.ts'

const usage = `npm run libraries -- [options] [LIBRARY...]

Runs a round trip with libraries that open WebSocket connections, each with our class as the global one or through the
option that the library has, each in a process of its own. Prints a table. The exit code is 1 if one fails.

  --all       also those whose packages take long to install, or that need Chromium
  --docs      writes the table into docs/compatibility.md; implies --all
  --help      print this`

/** Milliseconds after which a row has failed. */
const LIMIT = 180_000
/** Milliseconds for a row to clean up after that. */
const GRACE = 5000
/** Rows that run at the same time. */
const AT_ONCE = 3

interface Result {
  readonly row: Row
  readonly outcome: Outcome
}

const { values, positionals } = parseArgs({
  options: {
    all: { type: 'boolean', default: false },
    docs: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
  allowPositionals: true,
})
process.exitCode = values.help ? help() : await main()

function help(): number {
  console.log(usage)
  return 0
}

async function main(): Promise<number> {
  const rows = await loadRows<Row>(new URL('rows/', import.meta.url))
  const all = values.all || values.docs
  const named =
    (wanted: string) =>
    (file: string, { name }: Row) =>
      file === wanted || name === wanted
  for (const wanted of positionals) {
    if (![...rows].some(([file, row]) => named(wanted)(file, row))) throw new Error(`There is no library ${wanted}`)
  }
  const chosen = [...rows].filter(([file, row]) => {
    if (positionals.length > 0) return positionals.some(wanted => named(wanted)(file, row))
    return all || row.large === undefined
  })
  const needed = chosen.flatMap(([, row]) => packagesOf(row))
  ensureInstalled(needed, all || chosen.some(([, row]) => row.large))
  install(chosen.flatMap(([, { server }]) => (typeof server === 'object' && 'started' in server ? server.started : [])))

  // In the order of the files, whichever ends first: rows of one library keep their places in the table.
  const results: Result[] = []
  const waiting = [...chosen.entries()]
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [place, [file, row]] = next
      const outcome = await runRow(file, row)
      results[place] = { row, outcome }
      console.log(`${outcome.problem === undefined ? 'passed' : 'FAILED'}  ${row.name}: ${row.trip}`)
      if (outcome.problem !== undefined) console.log(outcome.problem.replace(/^/gm, '        '))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  results.sort(
    (one, other) =>
      one.row.name.localeCompare(other.row.name, 'en') || one.row.reached.localeCompare(other.row.reached, 'en'),
  )
  const failed = results.filter(({ outcome }) => outcome.problem !== undefined).length
  const text = table(results)
  console.log(`\n${text}\n\n${results.length - failed} passed, ${failed} failed`)
  if (values.docs && failed === 0) replaceSection('libraries', text)
  return failed === 0 ? 0 : 1
}

function packagesOf({ name, packages = [], server }: Row): string[] {
  return [name, ...packages, ...(typeof server === 'string' ? [server] : [])]
}

/** Runs a row by the global class, by an option, or by one after the other. */
async function runRow(file: string, { global }: Row): Promise<Outcome> {
  const outcome = await runChild(file, global === undefined ? 'global' : 'option')
  if (global !== 'either' || outcome.problem !== undefined) return outcome
  const { problem, ...seen } = await runChild(file, 'global')
  return { ...seen, problem: problem && `Without the option: ${problem}` }
}

function runChild(file: string, way: 'global' | 'option'): Promise<Outcome> {
  return new Promise(resolve => {
    const child = fork(fileURLToPath(new URL('child.js', import.meta.url)), [file, way], { silent: true })
    let outcome: Outcome | undefined
    let errors = ''
    let kill: NodeJS.Timeout | undefined
    const timer = setTimeout(() => {
      errors += `\nit was ended after ${LIMIT / 1000} s`
      // Ends the servers and browsers that it has started, and itself.
      child.send('end')
      kill = setTimeout(() => child.kill('SIGKILL'), GRACE)
    }, LIMIT)
    child.stdout!.resume()
    child.stderr!.setEncoding('utf8').on('data', text => (errors += text))
    child.once('message', message => (outcome = message as Outcome))
    child.once('close', () => {
      clearTimeout(timer)
      clearTimeout(kill)
      const problem = errors.trim() || 'it ended without a result'
      resolve(outcome ?? { problem, sockets: 0, messages: 0 })
    })
  })
}

function table(results: readonly Result[]): string {
  const lines = results.map(({ row, outcome }) => {
    const trip = outcome.problem === undefined ? row.trip : `**fails**: ${row.trip}`
    return `| ${row.name} ${versionOf(row.name)} | ${row.reached} | ${serverOf(row)} | ${trip} |`
  })
  return ['| library | how ours is reached | server | round trip |', '|---|---|---|---|', ...lines].join('\n')
}

function serverOf({ server }: Row): string {
  if (typeof server === 'string') return `${server} ${versionOf(server)}`
  if ('started' in server) return `${server.started.name} ${serverVersion(server.started)}`
  return 'stub' in server ? `stub: ${server.stub}` : server.program
}
