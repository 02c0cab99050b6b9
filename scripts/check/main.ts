import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runTypeDoc } from '../api/typedoc.ts'
import { checkDocstrings, type Reflection } from './docstrings.ts'
import { checkPackage } from './exports.ts'
import { checkLayers } from './layers.ts'
import { describeBudget, measureBudget } from './size.ts'
import { report } from './violation.ts'

const usage = `node build/scripts/check/main.js [options] [CHECK...]    runs these checks, by default all

  layers      imports in lib/ point one way, and no files import each other in a circle
  size        a bundle of WebSocket alone keeps within its budget
  docstrings  each public member of each entry has a docstring (TypeDoc, which is installed for it), each number among the
              options a unit, each option its default, each function that throws its @throws
  exports     the package as a user gets it: packed, installed, loaded, compiled and bundled

  --report    size: only print it, and do not fail if it is over the budget
  -h, --help  print this

The exit code is 1 if a check fails, 2 if the command line is wrong.`

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** Each prints its result and returns the exit code. */
const checks: Readonly<Record<string, (options: Options) => number | Promise<number>>> = {
  layers() {
    const { files, violations } = checkLayers(root)
    return report('layers', violations, `${files} files, imports point one way and in no circle`)
  },
  async size({ reportOnly }) {
    const budget = await measureBudget(root)
    console.log(describeBudget(budget))
    return budget.withinBudget || reportOnly ? 0 : 1
  },
  docstrings() {
    const file = join(root, 'build/api.json')
    if (runTypeDoc(['--json', file, '--logLevel', 'Warn']) !== 0) return 1
    const { checked, violations } = checkDocstrings(JSON.parse(readFileSync(file, 'utf8')) as Reflection, root)
    return report(
      'docstrings',
      violations,
      `each of ${checked} public members has one, with units, defaults and @throws`,
    )
  },
  async exports() {
    const { exports, violations } = await checkPackage(root)
    return report('exports', violations, `${exports} exports, on Node.js ${process.version}`)
  },
}

interface Options {
  readonly reportOnly: boolean
}

process.exitCode = await main(process.argv.slice(2))

async function main(commandLine: string[]): Promise<number> {
  const chosen = readCommandLine(commandLine)
  if (typeof chosen === 'number') return chosen
  let exitCode = 0
  for (const name of chosen.names) exitCode = Math.max(exitCode, await checks[name]!(chosen))
  return exitCode
}

/** Returns an exit code if there is nothing to run. */
function readCommandLine(commandLine: string[]): (Options & { readonly names: readonly string[] }) | number {
  try {
    const { values, positionals } = parseArgs({
      args: commandLine,
      options: { report: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    })
    if (values.help === true) {
      console.log(usage)
      return 0
    }
    const unknown = positionals.find(name => !Object.hasOwn(checks, name))
    if (unknown !== undefined) throw new Error(`There is no check "${unknown}"`)
    return { names: positionals.length > 0 ? positionals : Object.keys(checks), reportOnly: values.report === true }
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`)
    return 2
  }
}
