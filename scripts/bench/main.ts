/**
 * npm run bench: compares this package with its peers.
 *
 * The figure that counts is the lowest CPU time per message of several rounds, because noise only adds time. scenarios.ts says
 * what is measured, targets.ts what is compared, run.ts how, and goals.ts what is aimed at.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { writeDocuments } from './documents.ts'
import { judge } from './goals.ts'
import { describe, HELP, type Options, readOptions } from './options.ts'
import { installPeers, measureSizes, peerVersions } from './peers.ts'
import { showProgress } from './progress.ts'
import { merge, type Results } from './results.ts'
import { run } from './run.ts'
import { type Scenario, scenarios } from './scenarios.ts'
import { report } from './table.ts'
import { findRuntimes, newestNode, type Runtime, type Target, targetsOn } from './targets.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')

process.exit(await main(process.argv.slice(2)))

async function main(commandLine: readonly string[]): Promise<number> {
  const options = readOptions(commandLine, process.env)
  if (options.help) {
    console.log(HELP)
    return 0
  }
  const earlier = [...options.from, ...options.merge].map(file => JSON.parse(readFileSync(file, 'utf8')) as Results)
  const measured = options.from.length > 0 ? [] : await measure(options)
  if (measured === undefined) return 0
  const results = [...earlier, ...measured].reduce(merge)
  if (options.json !== undefined)
    writeFileSync(options.json, `${JSON.stringify({ ...results, goals: judge(results) }, null, 2)}\n`)
  if (options.docs !== undefined) writeDocuments(results, join(root, 'scripts', 'bench'), options.docs)
  console.log(report(results))
  const failures = results.rows.flatMap(row => row.failures)
  if (failures.some(({ failure }) => failure === 'content')) return 3
  return !options.ci && failures.some(({ failure }) => failure === 'failed') ? 1 : 0
}

/** Runs the scenarios that the options choose. Undefined if `--list` asked for the names only. */
async function measure(options: Options): Promise<Results[] | undefined> {
  if (!options.list && !installPeers(root)) {
    console.error('The peers cannot be installed, so there is nothing to compare with.')
    if (!options.ci) process.exit(1)
  }
  const runtimes = findRuntimes()
  const chosen = chooseScenarios(options)
  const targets = chooseTargets(options, runtimes)
  if (options.list) {
    console.log(`${chosen.map(({ name }) => name).join('\n')}\n\n${targets.map(({ name }) => name).join('\n')}`)
    return undefined
  }
  if (chosen.length === 0) exit('there is no such scenario; --list prints them')
  if (targets.length === 0) exit('there is no such target; --list --target all prints them')
  const { rounds, scale } = options
  const rows = await run({
    root,
    scenarios: chosen,
    targets,
    rounds,
    scale,
    commit: commit(),
    maxTime: options.ci || options.quick ? 10_000 : 60_000,
    stop: stopSignal(options),
    progress: showProgress(),
  })
  const used = new Set(targets.map(({ runtime }) => runtime))
  const versions = runtimes.filter(runtime => used.has(runtime)).map(({ name, version }) => [name, version])
  return [
    {
      machine: machine(),
      date: new Date().toISOString().slice(0, 10),
      commands: [describe(options)],
      versions: { ...Object.fromEntries(versions), ...peerVersions(root) },
      scale: Number(scale),
      rows,
      sizes: options.ci ? [] : await measureSizes(root),
    },
  ]
}

/**
 * Aborts on Ctrl-C, and after a time limit if the run is a short one. The run then ends with the figures it has so far. A second
 * Ctrl-C ends the process.
 */
function stopSignal({ ci, quick }: Options): AbortSignal {
  const interrupted = new AbortController()
  process.once('SIGINT', () => interrupted.abort())
  if (!ci && !quick) return interrupted.signal
  return AbortSignal.any([interrupted.signal, AbortSignal.timeout(ci ? 45_000 : 105_000)])
}

function chooseScenarios({ quick, ci, scenarios: parts }: Options): Scenario[] {
  return scenarios.filter(
    scenario =>
      (!quick || scenario.quick) &&
      (!ci || scenario.ci) &&
      (parts.length === 0 || parts.some(part => scenario.name.includes(part))),
  )
}

function chooseTargets({ quick, ci, target: parts }: Options, runtimes: readonly Runtime[]): Target[] {
  const targets = targetsOn(runtimes, root)
  if (parts?.includes('all')) return targets
  if (parts !== undefined) return targets.filter(({ name }) => parts.some(part => name.includes(part)))
  const newest = newestNode(runtimes)
  const own = `node ${process.versions.node.split('.')[0]}`
  return targets.filter(({ name: target, implementation, runtime: { name } }) => {
    // What is checked there is what we do; one peer shows that the comparison works.
    if (ci) return [`ours, ${own}`, `ws, ${own}`].includes(target)
    // A short run measures the built-in class and the bare socket, which serve for comparison, on one runtime each.
    if (quick) return name === newest ? implementation !== 'native' : name === own && implementation !== 'raw'
    return name === newest || !name.startsWith('node') || ['ours', 'raw'].includes(implementation)
  })
}

/** The commit that is measured, and whether `lib/` has changes that are not committed. */
function commit(): string {
  const git = (...words: string[]): string => execFileSync('git', words, { cwd: root, encoding: 'utf8' }).trim()
  try {
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain', '--', 'lib') === '' ? '' : ' and changes'}`
  } catch {
    return 'unknown'
  }
}

function machine(): string {
  const processor = cpus()
  return `${processor.length} x ${processor[0]?.model ?? 'unknown processor'}, ${process.platform} ${release()}`
}

function exit(message: string): never {
  console.error(message)
  process.exit(2)
}
