import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { loaderOfNewerLibrary } from './c-library.ts'
import { seedsOf, targets } from './targets.ts'

/** The package that has the fuzzer as dependency. It is in the source folder, since nothing of it is compiled to build/. */
const packages = fileURLToPath(new URL('../../../scripts/fuzz/packages/', import.meta.url))
const command = join(packages, 'node_modules/@jazzer.js/core/dist/cli.js')
const library = fileURLToPath(new URL('../../../dist/', import.meta.url))
const targetsFile = fileURLToPath(new URL('targets.js', import.meta.url))

/** The longest input, in bytes. */
const MAX_LENGTH = 2048
/** An input that takes longer, in seconds, hangs. */
const HANGS = 20
/** How many of the last lines of a failed fuzzer are printed. */
const TAIL = 30

/**
 * Fuzzes each target for its part of the time with inputs that coverage of the library guides.
 *
 * @returns the exit code: 0 if nothing was found, 1 if something was, 2 where the fuzzer cannot be loaded
 */
export async function fuzzGuided(minutes: number): Promise<number> {
  const node = launcher()
  if (node === undefined) {
    console.error('jazzer.js cannot be loaded on this system: see its error above. It wants a glibc of 2.38 or later.')
    return 2
  }
  const folder = await mkdtemp(join(tmpdir(), 'fuzz-'))
  const names = Object.keys(targets)
  let found = false
  for (const name of names) {
    const seconds = Math.max(1, Math.round((minutes * 60) / names.length))
    if (!(await fuzzTarget(node, name, seconds, folder))) found = true
  }
  if (!found) await rm(folder, { recursive: true })
  return found ? 1 : 0
}

/** Gives one input, of a file that the fuzzer has left, to its target. Returns the exit code, 2 for a file that is none of those. */
export async function repeatInput(file: string): Promise<number> {
  const name = basename(file).split('-')[0]!
  const target = targets[name]
  const isInput = target !== undefined && statSync(file, { throwIfNoEntry: false })?.isFile() === true
  if (!isInput) {
    const names = Object.keys(targets).join(', ')
    console.error(`${file} is not a file whose name begins with a target and a hyphen; the targets are ${names}`)
    return 2
  }
  try {
    await target(readFileSync(file))
  } catch (error) {
    console.error(error)
    return 1
  }
  console.log(`${name} holds for that input`)
  return 0
}

/** Returns whether the target holds for all that was tried. */
async function fuzzTarget(node: readonly string[], name: string, seconds: number, folder: string): Promise<boolean> {
  const corpus = join(folder, name)
  mkdirSync(corpus)
  for (const [index, seed] of seedsOf(name).entries()) writeFileSync(join(corpus, `seed-${index}`), seed)
  const [program, ...words] = [...node, command, targetsFile, '--fuzzEntryPoint', name, '--includes', library]
  // The detectors look for what programs do with files and commands.
  const detectors = ['--disableBugDetectors', '^(?!prototype-pollution)']
  const settings = {
    max_total_time: seconds,
    max_len: MAX_LENGTH,
    timeout: HANGS,
    artifact_prefix: `${folder}/${name}-`,
  }
  const engine = Object.entries(settings).map(([key, value]) => `-${key}=${value}`)
  const child = spawn(program!, [...words, ...detectors, corpus, '--', ...engine], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  // Waited for from the start: a fuzzer that a signal ends has no exit code to ask for later. Then it is null.
  const exited = new Promise<number | null>(resolve => child.once('exit', resolve))
  const lines: string[] = []
  let last = ''
  for await (const line of createInterface(child.stderr)) {
    lines.push(line)
    if (lines.length > TAIL) lines.shift()
    if (/^#\d+\t/.test(line)) last = line
  }
  const code = await exited
  const [, inputs = '0', branches = '0', kept = '0'] = /^#(\d+).* cov: (\d+) .* corp: (\d+)/.exec(last) ?? []
  console.log(
    `${name}: ${Number(inputs).toLocaleString('en')} inputs in ${seconds} s, ${branches} edges covered, ${kept} inputs kept`,
  )
  if (code === 0) return true
  const finding = lines.findIndex(line => /^==\d+== /.test(line))
  console.error(`\n"${name}" does not hold.\n\n${lines.slice(Math.max(0, finding)).join('\n')}`)
  for (const file of readdirSync(folder).filter(other => other.startsWith(`${name}-`)))
    console.error(`\nAgain: npm run fuzz -- --input ${join(folder, file)}`)
  return false
}

/** What starts Node.js so that it can load the fuzzer, which is installed if it is missing. Undefined if nothing does. */
function launcher(): string[] | undefined {
  if (!existsSync(command)) {
    spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: packages, stdio: ['ignore', 'ignore', 'inherit'] })
  }
  if (!existsSync(command)) return undefined
  const loads = (words: readonly string[], stderr: 'ignore' | 'inherit'): boolean => {
    const [program, ...rest] = [...words, '--eval', 'require("@jazzer.js/fuzzer")']
    return spawnSync(program!, rest, { cwd: packages, stdio: ['ignore', 'ignore', stderr] }).status === 0
  }
  const plain = [process.execPath]
  if (loads(plain, 'ignore')) return plain
  const loader = loaderOfNewerLibrary(join(packages, 'node_modules/.c-library'))
  const newer = loader && [...loader, process.execPath]
  return loads(newer ?? plain, 'inherit') ? newer : undefined
}
