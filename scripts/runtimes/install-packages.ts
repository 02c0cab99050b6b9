import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { findRuntimes } from './runtimes.ts'

/** What is to be installed of a package.json. */
export interface Choice {
  /** Whether its `devDependencies` are left out. Default: false */
  readonly omitDev?: boolean
}

/**
 * Installs what the package.json of a folder names, in the versions of its package-lock.json where there is one, and runs no install
 * scripts. Bun does that, if `npm run runtimes` has installed it, since it takes a tenth of the CPU time of npm; npm does where there
 * is no Bun, and where Bun fails.
 *
 * @returns whether that worked
 */
export function installPackages(folder: string, { omitDev = false }: Choice = {}): boolean {
  const locked = existsSync(join(folder, 'package-lock.json'))
  if (installByBun(folder, { omitDev })) return true
  const words = [...(locked ? ['ci'] : ['install', '--no-package-lock']), '--ignore-scripts', '--no-audit', '--no-fund']
  if (omitDev) words.push('--omit=dev')
  const shell = process.platform === 'win32'
  return (
    spawnSync('npm', [...words, '--loglevel=error'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'], shell })
      .status === 0
  )
}

/** As `installPackages`, by Bun alone. Returns false if that is not installed, or fails. */
export function installByBun(folder: string, { omitDev = false }: Choice = {}): boolean {
  const bun = findRuntimes().find(({ kind }) => kind === 'bun')
  if (bun === undefined) return false
  const words = ['install', '--ignore-scripts', '--no-save', '--no-progress']
  if (existsSync(join(folder, 'package-lock.json'))) words.push('--frozen-lockfile')
  if (omitDev) words.push('--production')
  // The authorities that npm trusts.
  const authorities = process.env.npm_config_cafile ?? process.env.NODE_EXTRA_CA_CERTS
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: authorities }
  return spawnSync(bun.executable, words, { cwd: folder, stdio: 'ignore', env }).status === 0
}
