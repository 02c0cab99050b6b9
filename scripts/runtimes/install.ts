import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { findRuntimes, folder } from './runtimes.ts'

/*
 * Installs the other runtimes into the folder `packages`, and says where they are: all of them, about a gigabyte, or
 * those alone that are named, such as `bun` or `node24`, unless they are there.
 */

interface Manifest {
  readonly dependencies: Record<string, string>
  readonly optionalDependencies: Record<string, string>
}

const missing = process.argv.slice(2).filter(wanted => !findRuntimes().some(({ name }) => name === wanted))
if (process.argv.length === 2) install(folder)
else if (missing.length > 0) installAlone(missing)

const found = findRuntimes()
for (const { name, version, executable } of found) console.log(`${name}\t${version}\t${executable}`)
for (const wanted of missing) {
  if (found.some(({ name }) => name === wanted)) continue
  console.error(`${wanted} cannot be had here`)
  process.exitCode = 1
}

function install(where: string): void {
  const { status, error } = spawnSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: where,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (error !== undefined) throw error
  if (status !== 0) process.exitCode = 1
}

/** By a manifest with nothing else in it, since npm always installs all that a manifest names. */
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
    install(alone)
    // What npm has linked into its own folders is of no use elsewhere.
    rmSync(join(alone, 'node_modules/.bin'), { recursive: true, force: true })
    rmSync(join(alone, 'node_modules/.package-lock.json'), { force: true })
    mkdirSync(join(folder, 'node_modules'), { recursive: true })
    cpSync(join(alone, 'node_modules'), join(folder, 'node_modules'), { recursive: true })
  } finally {
    rmSync(alone, { recursive: true, force: true })
  }
}
