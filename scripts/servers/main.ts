import process from 'node:process'
import { parseArgs } from 'node:util'
import { checks } from './checks.ts'
import { replaceSection } from './documents.ts'
import { runExchanges } from './exchanges/run.ts'
import { install, versionOf } from './install.ts'
import type { CheckName, Row } from './row.ts'
import { loadRows } from './rows.ts'
import { type Running, startServer } from './running.ts'

const usage = `npm run servers -- [options] [SERVER...]

Runs the same checks against the servers of others, each as far as it can: messages, subprotocols, compression, closing,
refusals and TLS. Installs what is missing, from npm and with apt-get. Prints a table. The exit code is 1 if a check fails.

  --all           also those that take long to install
  --docs          writes the table into docs/compatibility.md; implies --all
  --messages N    messages in each exchange of random messages (10): ws, Bun and websockets are tried with every setting of
                  compression that they have, against offers of all kinds; 0 leaves that out
  --seed N        repeats the messages of an earlier run
  --verbose       prints a line for each exchange
  --help          print this`

/** Milliseconds for one check. */
const LIMIT = 30_000
/** Servers at the same time. */
const AT_ONCE = 3

const columns: readonly (readonly [CheckName, string])[] = [
  ['text', 'text'],
  ['binary', 'binary'],
  ['subprotocol', 'sub-protocol'],
  ['large', '1 MiB'],
  ['fragments', 'frag-ments'],
  ['compression', 'com-pression'],
  ['burst', 'burst, close'],
  ['close', 'server closes'],
  ['refusal', 'refusal'],
  ['redirect', 'redirect'],
  ['wss', 'wss'],
  ['http2', 'HTTP/2'],
  ['drop', 'drop'],
]

interface Result {
  readonly row: Row
  readonly version: string
  /** Undefined: passed. */
  readonly problems: ReadonlyMap<CheckName, string>
  readonly remarks: readonly string[]
}

const { values, positionals } = parseArgs({
  options: {
    all: { type: 'boolean', default: false },
    docs: { type: 'boolean', default: false },
    messages: { type: 'string', default: '10' },
    seed: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
  allowPositionals: true,
})
if (values.help) console.log(usage)
else process.exitCode = await main()

async function main(): Promise<number> {
  const rows = await loadRows<Row>(new URL('rows/', import.meta.url))
  const isNamed = (wanted: string, file: string, { name }: Row): boolean => file === wanted || name === wanted
  for (const wanted of positionals) {
    if (![...rows].some(([file, row]) => isNamed(wanted, file, row))) throw new Error(`There is no server ${wanted}`)
  }
  const chosen = [...rows].filter(([file, row]) => {
    if (positionals.length > 0) return positionals.some(wanted => isNamed(wanted, file, row))
    return values.all || values.docs || row.quick
  })
  install(chosen.map(([, row]) => row))

  const upstream = await startServer('ws', rows.get('ws')!, 0)
  const results: Result[] = []
  const waiting = [...chosen]
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const result = await runRow(...next, upstream.port)
      results.push(result)
      const { row, version, problems } = result
      console.log(`${problems.size === 0 ? 'passed' : 'FAILED'}  ${row.name} ${version}`)
      for (const [check, problem] of problems) console.log(`        ${check}: ${problem}`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  await upstream.stop()
  results.sort((one, other) => one.row.name.localeCompare(other.row.name, 'en'))
  const failed = results.filter(({ problems }) => problems.size > 0).length
  const text = `${table(results)}\n\n${remarks(results)}`
  console.log(`\n${text}\n\n${results.length - failed} passed, ${failed} failed`)
  if (values.docs && failed === 0) replaceSection('servers', text)
  const lost = await exchangeRandom(chosen.map(([file]) => file))
  return failed === 0 && lost.length === 0 ? 0 : 1
}

async function exchangeRandom(files: readonly string[]): Promise<string[]> {
  const messages = Number(values.messages)
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32))
  return messages === 0 ? [] : await runExchanges(files, { messages, seed, verbose: values.verbose })
}

async function runRow(file: string, row: Row, upstream: number): Promise<Result> {
  const problems = new Map<CheckName, string>()
  const remarks: string[] = []
  const version = versionOf(row)
  const result = { row, version: version ?? 'is not installed', problems, remarks }
  if (version === undefined) {
    problems.set('text', 'it cannot be installed here')
    return result
  }
  let server: Running
  try {
    server = await startServer(file, row, upstream)
  } catch (error) {
    problems.set('text', (error as Error).message)
    return result
  }
  for (const [name, title] of columns) {
    if (!isChecked(row, name)) continue
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`there is no end after ${LIMIT / 1000} s`)), LIMIT)
    })
    try {
      const remark = await Promise.race([late, { ...checks, ...row.checks }[name](server)])
      if (remark !== undefined) remarks.push(`${title.replace('-', '')}: ${remark}`)
    } catch (error) {
      problems.set(name, (error as Error).message)
    } finally {
      clearTimeout(timer)
    }
  }
  await server.stop()
  return result
}

/** HTTP/2 is of few servers, so the others need no reason. */
function isChecked(row: Row, name: CheckName): boolean {
  return row.lacks?.[name] === undefined && (name !== 'http2' || row.http2 === true)
}

function table(results: readonly Result[]): string {
  const head = `| server | ${columns.map(([, title]) => title.replace('-', '&shy;')).join(' | ')} |`
  const lines = results.map(({ row, version, problems }) => {
    const cells = columns.map(([name]) => (problems.has(name) ? '**fails**' : isChecked(row, name) ? '✓' : '–'))
    return `| ${row.name} ${version} | ${cells.join(' | ')} |`
  })
  return [head, `|---|${columns.map(() => ':-:|').join('')}`, ...lines].join('\n')
}

/** What the servers cannot do, and what they do in a way of their own. */
function remarks(results: readonly Result[]): string {
  const lines = results.flatMap(({ row, remarks }) => {
    const lacks = columns.flatMap(([name, title]) => {
      const why = row.lacks?.[name]
      return why === undefined ? [] : [`${title.replace('-', '')}: ${why}`]
    })
    const all = [...lacks, ...remarks]
    return all.length === 0 ? [] : [`- **${row.name}** ${all.join('; ')}`]
  })
  return lines.join('\n')
}
