import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import type { Manifest } from './manifest.ts'
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

/** What there is of "are the types wrong" beside its command, which loads a compiler in each process for a second and more. */
interface TypeAnalyser {
  createPackageFromTarballData(tarball: Uint8Array): object
  /** `types` is false if the package has no types. */
  checkPackage(
    contents: object,
    options: { readonly entrypoints: readonly string[] },
  ): Promise<{ readonly types: unknown; readonly problems?: readonly Problem[] }>
}

async function loadTypeAnalyser(): Promise<TypeAnalyser> {
  const command = createRequire(import.meta.url).resolve('@arethetypeswrong/cli/package.json')
  const library = createRequire(command).resolve('@arethetypeswrong/core')
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
