/**
 * The packages that the benchmark compares with. scripts/bench is a package of its own that has them as dependencies, so that
 * `npm install` does not fetch them for everybody.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { measureBudget } from '../check/size.ts'
import { installPackages } from '../runtimes/install-packages.ts'

const NAMES = ['ws', 'bufferutil', 'utf-8-validate', 'undici']

/** Bytes of the tarball, and of a bundle with `WebSocket` alone, minified and gzipped. */
export interface PackageSize {
  readonly name: string
  readonly packed: number
  readonly bundle?: number
}

/**
 * Installs the peers if they are missing, without running install scripts: the addons come compiled, and the client checks
 * that they were loaded.
 *
 * @returns false if that failed
 */
export function installPeers(root: string): boolean {
  const folder = folderOf(root)
  if (NAMES.every(name => existsSync(join(folder, 'node_modules', name)))) return true
  console.error('Installing the peers to compare with ...')
  return installPackages(folder)
}

/** The installed versions by package name. */
export function peerVersions(root: string): Record<string, string> {
  const manifests = NAMES.map(name => join(folderOf(root), 'node_modules', name, 'package.json')).filter(existsSync)
  return Object.fromEntries(
    manifests.map(file => {
      const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as { name: string; version: string }
      return [name, version]
    }),
  )
}

export async function measureSizes(root: string): Promise<PackageSize[]> {
  const { ours, theirs } = await measureBudget(root)
  const modules = join(folderOf(root), 'node_modules')
  const sizes: PackageSize[] = [{ name: 'ours', packed: packedSize(root), bundle: ours.gzipped }]
  if (existsSync(join(modules, 'ws'))) {
    sizes.push({ name: 'ws', packed: packedSize(join(modules, 'ws')), bundle: theirs.gzipped })
  }
  if (existsSync(join(modules, 'undici'))) sizes.push({ name: 'undici', packed: packedSize(join(modules, 'undici')) })
  return sizes
}

function packedSize(folder: string): number {
  const told = execFileSync('npm', ['pack', '--dry-run', '--ignore-scripts', '--json'], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  // Depending on its version, npm prints an array, or an object with the package's name as key.
  return (Object.values(JSON.parse(told) as Record<string, { size: number }>)[0] as { size: number }).size
}

function folderOf(root: string): string {
  return join(root, 'scripts', 'bench')
}
