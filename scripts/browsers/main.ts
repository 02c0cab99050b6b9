import process from 'node:process'
import { parseArgs } from 'node:util'
import { cases } from './cases.ts'
import { openWorkspace } from './workspace.ts'

/** What needs neither tools that the project itself has not, nor Firefox. */
const quick = ['esbuild', 'streams-chromium']

const usage = `npm run browsers -- [NAME...]    tries the package with bundlers and frameworks, by default with all

  ${Object.keys(cases).join(', ')}

Each bundles a project in scripts/browsers/packages against the packed package; what it makes runs in Chromium, and where it has
a server in Node.js. "metro" runs in Hermes, the engine of React Native. "streams-..." runs the web-platform-tests of streams over
ws in a browser. The tools and the browsers are installed first, where they are missing. The exit code is 1 if one fails.

  --short         ${quick.join(' and ')} alone: Chromium is all that they install
  -h, --help      print this`

const { values, positionals } = parseArgs({
  options: { short: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  allowPositionals: true,
})
const unknown = positionals.find(name => !Object.hasOwn(cases, name))
if (values.help === true) console.log(usage)
else if (unknown !== undefined) {
  console.error(`There is no ${unknown}\n\n${usage}`)
  process.exitCode = 2
} else await main(positionals.length > 0 ? positionals : values.short === true ? quick : Object.keys(cases))

async function main(names: readonly string[]): Promise<void> {
  const workspace = await openWorkspace(names.some(name => !quick.includes(name)))
  try {
    for (const name of names) {
      try {
        console.log(`${name}: ${await cases[name]!(workspace)}`)
      } catch (error) {
        console.error(`${name}: FAILED:`, error)
        process.exitCode = 1
      }
    }
  } finally {
    await workspace.close()
  }
}
