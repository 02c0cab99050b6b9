import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const usage = `npm run examples -- [EXAMPLE...]    installs and runs these examples of scripts/examples, by default all

Each is a project of its own, whose packages come from the npm registry. It runs against an echo server of the command
"whatwg-websocket", and has to end with exit code 0.`

const root = fileURLToPath(new URL('../../../', import.meta.url))
const folder = join(root, 'scripts/examples')
const command = join(root, 'build/cli/whatwg-websocket.js')

process.exitCode = await main(process.argv.slice(2))

async function main(commandLine: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: commandLine,
    options: { help: { type: 'boolean', short: 'h' } },
    allowPositionals: true,
  })
  if (values.help === true) {
    console.log(usage)
    return 0
  }
  const all = readdirSync(folder).filter(name => existsSync(join(folder, name, 'package.json')))
  const unknown = positionals.find(name => !all.includes(name))
  if (unknown !== undefined) {
    console.error(`There is no example "${unknown}", but ${all.join(', ')}\n\n${usage}`)
    return 2
  }
  const { url, server } = await startServer()
  try {
    for (const name of positionals.length > 0 ? positionals : all) {
      console.log(`\n${name}`)
      for (const words of [
        ['install', '--no-audit', '--no-fund', '--ignore-scripts'],
        ['start', '--', `${url}chat/kitchen`],
      ]) {
        const exitCode = await run('npm', words, join(folder, name))
        if (exitCode === 0) continue
        console.error(`npm ${words[0]} ended with ${exitCode}`)
        return 1
      }
    }
    return 0
  } finally {
    server.kill()
  }
}

async function startServer(): Promise<{ url: string; server: ChildProcess }> {
  const server = spawn(process.execPath, [command, 'listen', '0'], { stdio: ['ignore', 'ignore', 'pipe'] })
  for await (const line of createInterface(server.stderr)) {
    const url = /listening on (\S+)/.exec(line)?.[1]
    if (url !== undefined) return { url, server }
  }
  throw new Error('The echo server did not start')
}

function run(file: string, words: readonly string[], cwd: string): Promise<number | null> {
  const shell = process.platform === 'win32'
  const child = spawn(file, words, { cwd, stdio: 'inherit', shell })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
}
