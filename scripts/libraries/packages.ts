import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { installPackages } from '../runtimes/install-packages.ts'

/** The package that has the libraries as dependencies. It is in the source folder, since nothing of it is compiled to build/. */
const folder = fileURLToPath(new URL('../../../scripts/libraries/packages/', import.meta.url))
const loader = new URL('../../../scripts/libraries/packages/load.mjs', import.meta.url)

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly version: string }>>
}

/** Imports a package of that folder. */
export async function load(name: string): Promise<any> {
  return (await import(loader.href)).load(name)
}

/**
 * Imports a package of that folder as a bundler takes it.
 *
 * @param alias the packages that it replaces, each by a file of that folder. Without any, it bundles for browsers
 */
export async function bundle(name: string, alias?: Readonly<Record<string, string>>): Promise<any> {
  const contents = `import * as all from '${name}'; export * from '${name}'; export default all.default ?? all`
  // In the folder of the packages, so that what it leaves out is found.
  const file = join(folder, 'node_modules', `.bundle-${process.pid}.cjs`)
  await build({
    stdin: { contents, resolveDir: folder },
    outfile: file,
    bundle: true,
    alias: Object.fromEntries(Object.entries(alias ?? {}).map(([name, file]) => [name, join(folder, file)])),
    platform: alias === undefined ? 'browser' : 'node',
    format: 'cjs',
    ...(alias === undefined ? { define: { global: 'globalThis' } } : {}),
    logLevel: 'error',
  })
  try {
    return (await import(pathToFileURL(file).href)).default
  } finally {
    rmSync(file)
  }
}

/** The version of a package that is installed there, or undefined. */
export function versionOf(name: string): string | undefined {
  const manifest = join(folder, 'node_modules', name, 'package.json')
  return existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')).version : undefined
}

/** Installs what the lockfile has, if one of these packages is missing or of another version. */
export function ensureInstalled(names: readonly string[], withLarge: boolean): void {
  const lockfile = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as Lockfile
  if (names.every(name => versionOf(name) === lockfile.packages[`node_modules/${name}`]?.version)) return
  if (!installPackages(folder, { omitDev: !withLarge })) throw new Error('The libraries cannot be installed')
}
