import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { type Manifest, readManifest } from './manifest.ts'
import { lastWords, run } from './run.ts'
import type { Violation } from './violation.ts'

/**
 * Packs the package with npm.
 *
 * @param folder for the tarball
 * @returns the path of the tarball
 */
export function pack(root: string, folder: string): string {
  const packed = run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], root)
  if (packed.exitCode !== 0) throw new Error(`npm pack failed:\n    ${lastWords(packed)}`)
  const told = JSON.parse(packed.output) as { filename: string }[] | Record<string, { filename: string }>
  return join(folder, Object.values(told)[0]!.filename.replace('@', '').replace('/', '-'))
}

/**
 * As `pack`, for the package as it is built: npm, which takes 5 s of CPU time for its many files, runs once for the same files.
 *
 * @param kept where the tarball is kept, by what the files are
 * @param packNow what packs, if there is none
 */
export function packOnce(root: string, folder: string, kept = join(root, 'build/packed'), packNow = pack): string {
  const digest = digestOfFiles(root)
  const tarball = join(kept, `${digest}.tgz`)
  if (existsSync(tarball)) {
    const { name, version } = readManifest(root)
    const copy = join(folder, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`)
    copyFileSync(tarball, copy)
    return copy
  }
  const packed = packNow(root, folder)
  // A build may have been at work meanwhile.
  if (digestOfFiles(root) !== digest) return packed
  mkdirSync(kept, { recursive: true })
  // Those of other files are of no use.
  for (const name of readdirSync(kept)) if (name.endsWith('.tgz')) rmSync(join(kept, name), { force: true })
  // Another process may do the same, and sees no half of it.
  const unfinished = `${tarball}.${process.pid}`
  copyFileSync(packed, unfinished)
  renameSync(unfinished, tarball)
  return packed
}

/** A digest of the paths, modes and contents of all that package.json names as files, and of what npm adds to them. */
function digestOfFiles(root: string): string {
  const { files = [] } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files?: string[] }
  const places = files.filter(file => !file.startsWith('!')).map(file => file.replace(/\/[^/]*\*.*$/, ''))
  const added = readdirSync(root).filter(name => /^(package\.json|readme|licen[cs]e)/i.test(name))
  const hash = createHash('sha256')
  for (const place of [...places, ...added].sort()) {
    const isFolder = statSync(join(root, place)).isDirectory()
    const below = isFolder ? readdirSync(join(root, place), { recursive: true, encoding: 'utf8' }).sort() : ['']
    for (const path of below.map(one => join(place, one))) {
      const stat = statSync(join(root, path))
      if (stat.isFile()) hash.update(`${path} ${stat.mode} ${stat.size}\n`).update(readFileSync(join(root, path)))
    }
  }
  return hash.digest('hex')
}

/**
 * Puts the files of a tarball where npm would install it. npm takes ten times as long for the many files of this package; that it
 * installs is what `install` checks.
 *
 * @param project the folder of the project
 * @returns the folder of the package
 */
export function unpack(tarball: string, name: string, project: string): string {
  const installed = join(project, 'node_modules', name)
  rmSync(installed, { recursive: true, force: true })
  mkdirSync(installed, { recursive: true })
  const unpacked = run('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1'], project)
  if (unpacked.exitCode !== 0) throw new Error(`the tarball cannot be unpacked:\n    ${lastWords(unpacked)}`)
  return installed
}

/** The messages of publint about a tarball, its suggestions included. */
export async function lintTarball(tarball: string, manifest: Manifest): Promise<Violation[]> {
  const bytes = readFileSync(tarball)
  const { messages } = await publint({ pack: { tarball: Uint8Array.from(bytes).buffer }, strict: true })
  // The field `browser` is there besides `exports`, for resolvers that know only the former.
  const relevant = messages.filter(({ code, path }) => {
    // What the stand-in for ws gives to `require` in a bundle is a class, so that is no ES module.
    const isStandIn = code === 'EXPORTS_MODULE_SHOULD_BE_ESM' && path.join() === 'exports,./ws,module,require'
    return !code.startsWith('USE_EXPORTS_') && !isStandIn
  })
  return relevant.map(message => ({
    place: 'package.json',
    message: `publint: ${formatMessage(message, manifest as never, { color: false }) ?? message.code}`,
  }))
}

interface Problem {
  readonly kind: string
  readonly entrypoint?: string
  readonly resolutionKind?: string
}

/** What is used of "are the types wrong". It loads a compiler of its own for a second and more, so only who calls it loads it. */
interface TypeAnalyser {
  createPackageFromTarballData(tarball: Uint8Array): object
  /** `types` is false if the package has no types. */
  checkPackage(
    contents: object,
    options: { readonly entrypoints: readonly string[] },
  ): Promise<{ readonly types: unknown; readonly problems?: readonly Problem[] }>
}

async function loadTypeAnalyser(): Promise<TypeAnalyser> {
  const library = createRequire(import.meta.url).resolve('@arethetypeswrong/core')
  return (await import(pathToFileURL(library).href)) as TypeAnalyser
}

/**
 * The problems that "are the types wrong" finds in a tarball, but for its rule "cjs-resolves-to-esm", because all supported Node.js
 * versions can `require` an ES module, and for the resolution of Node.js 10, which does not know `exports`.
 *
 * @param dual subpaths that are ES modules and CommonJS: with all other module resolutions
 * @param esmOnly subpaths that are ES modules alone: with the resolutions of ES modules
 */
export async function checkTypes(
  tarball: string,
  dual: readonly string[],
  esmOnly: readonly string[],
): Promise<Violation[]> {
  const { checkPackage, createPackageFromTarballData } = await loadTypeAnalyser()
  const contents = createPackageFromTarballData(Uint8Array.from(readFileSync(tarball)))
  const { types, problems = [] } = await checkPackage(contents, { entrypoints: [...dual, ...esmOnly] })
  if (types === false) return [{ place: 'package.json', message: 'attw: the package has no types' }]
  const counts = ({ kind, entrypoint, resolutionKind }: Problem): boolean => {
    if (kind === 'CJSResolvesToESM' || resolutionKind === 'node10') return false
    return !(resolutionKind === 'node16-cjs' && esmOnly.includes(entrypoint!))
  }
  return problems.filter(counts).map(({ kind, entrypoint }) => ({
    place: entrypoint ?? 'package.json',
    message: `attw: ${kind}`,
  }))
}
