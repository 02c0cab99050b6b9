import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Block, parseDocument } from '../../spec-tests/support/documents.ts'
import { installByBun } from '../runtimes/install-packages.ts'

const usage = `npm run examples -- [EXAMPLE...]    runs these projects of examples/, by default all

Each is a project of its own, whose packages come from the npm registry. The commands of its README are run as they are
written there, in its folder, and have to print what stands below them. The exit code is 1 if one does not.`

const folder = fileURLToPath(new URL('../../../examples/', import.meta.url))

/** Milliseconds for a block of commands, installing packages included. */
const LIMIT = 300_000

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
  let failed = 0
  for (const name of positionals.length > 0 ? positionals : all) {
    const complaint = await runExample(name)
    console.log(`${complaint === undefined ? 'passed' : 'FAILED'}  ${name}`)
    if (complaint === undefined) continue
    console.log(complaint.replace(/^/gm, '        '))
    failed++
  }
  return failed === 0 ? 0 : 1
}

/** Runs the commands of its README; returns what is wrong. */
async function runExample(name: string): Promise<string | undefined> {
  const { blocks } = parseDocument(name, readFileSync(join(folder, name, 'README.md'), 'utf8'))
  const commands = blocks.filter(({ language }) => language === 'sh')
  fillIn(join(folder, name))
  // Without anything to compare, an example that does nothing would look like one that works.
  if (!commands.some(({ output }) => output !== undefined)) return 'Its README has no command with its output'
  for (const block of commands) {
    const complaint = await runBlock(block, join(folder, name))
    if (complaint !== undefined) return complaint
  }
  return undefined
}

/**
 * Puts tools that an example wants in its node_modules by Bun, if that is installed: the `npm install` of its README finds all there,
 * and has to take none of 200 MB out of its archives, which takes npm 20 s of CPU time.
 */
function fillIn(example: string): void {
  const manifest = JSON.parse(readFileSync(join(example, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>
    readonly devDependencies?: Readonly<Record<string, string>>
  }
  const installed = join(example, 'node_modules')
  if (manifest.devDependencies === undefined || existsSync(installed)) return
  // Of the package itself Bun would make a copy, with all that is in the folder of the repository.
  const { 'whatwg-websocket': _, ...dependencies } = manifest.dependencies
  const beside = mkdtempSync(join(folder, 'node_modules-'))
  try {
    writeFileSync(join(beside, 'package.json'), JSON.stringify({ ...manifest, dependencies }))
    if (installByBun(beside)) renameSync(join(beside, 'node_modules'), installed)
  } finally {
    rmSync(beside, { recursive: true, force: true })
  }
}

async function runBlock(block: Block, cwd: string): Promise<string | undefined> {
  const child = spawn('sh', ['-ec', block.text], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: LIMIT,
    killSignal: 'SIGKILL',
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const [output, exitCode] = await Promise.all([text(child.stdout), ended])
  if (exitCode !== 0) return `${block.text}ended with ${exitCode}\n${output}`
  if (block.output === undefined || block.output === output) return undefined
  return `${block.text}printed\n${output}instead of\n${block.output}`
}
