import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { installPackages } from './install-packages.ts'
import { findRuntimes, folder, listPackages } from './runtimes.ts'

const usage = `npm run runtimes -- [RUNTIME...]    installs these runtimes, by default all (about a gigabyte)

A runtime is named like "bun" or "node24"; one that is already installed is left alone. They are installed in the folder
scripts/runtimes/packages. Prints name, version and path of each. The exit code is 1 if one cannot be installed.`

interface Manifest {
  readonly dependencies: Record<string, string>
  readonly optionalDependencies: Record<string, string>
}

const { values, positionals } = parseArgs({
  options: { help: { type: 'boolean', short: 'h' } },
  allowPositionals: true,
})
if (values.help === true) console.log(usage)
else main(positionals)

function main(chosen: readonly string[]): void {
  const missing = chosen.filter(wanted => !findRuntimes().some(({ name }) => name === wanted))
  if (chosen.length === 0) install()
  else {
    // Bun first, since it installs the others.
    if (missing.includes('bun')) installAlone(['bun'])
    const others = missing.filter(name => name !== 'bun')
    if (others.length > 0) installAlone(others)
  }

  const found = findRuntimes()
  for (const { name, version, executable } of found) console.log(`${name}\t${version}\t${executable}`)
  for (const wanted of missing) {
    if (found.some(({ name }) => name === wanted)) continue
    console.error(`${wanted} cannot be installed here`)
    process.exitCode = 1
  }
}

function install(): void {
  const { status, error } = spawnSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (error !== undefined) throw error
  if (status !== 0) process.exitCode = 1
}

/** Installs only these runtimes, by a temporary manifest with them alone: npm installs all dependencies of a manifest. */
function installAlone(names: readonly string[]): void {
  const { dependencies, optionalDependencies } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  ) as Manifest
  const named = (all: Record<string, string>): Record<string, string> => {
    return Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name.split('-')[0]!)))
  }
  if (Object.keys({ ...named(dependencies), ...named(optionalDependencies) }).length === 0) return
  const alone = mkdtempSync(join(folder, 'alone-'))
  try {
    const manifest = {
      private: true,
      dependencies: named(dependencies),
      optionalDependencies: named(optionalDependencies),
    }
    writeFileSync(join(alone, 'package.json'), JSON.stringify(manifest))
    cpSync(join(folder, '.npmrc'), join(alone, '.npmrc'))
    if (!installPackages(alone)) process.exitCode = 1
    for (const path of listPackages(join(alone, 'node_modules'))) put(join(alone, 'node_modules', path), path)
  } finally {
    rmSync(alone, { recursive: true, force: true })
  }
}

/** Moves a package to its place, at once: several processes may install the same runtime at the same time. */
function put(from: string, path: string): void {
  const place = join(folder, 'node_modules', path)
  mkdirSync(dirname(place), { recursive: true })
  try {
    renameSync(from, place)
  } catch (error) {
    if (!existsSync(place)) throw error
  }
}
