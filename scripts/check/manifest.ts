import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

export type Target = string | { readonly [condition: string]: Target } | null

/** The fields of package.json that the checks read. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly exports: Readonly<Record<string, Target>>
  readonly bin?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
}

/** A subpath that can be imported, and the file it resolves to under some conditions. */
export interface Export {
  /** Such as `./transport/memory`. */
  readonly subpath: string
  /** The conditions on the way to the file, `types` and `default` among them. */
  readonly conditions: readonly string[]
  /** Such as `./dist/transport/memory.js`. */
  readonly file: string
}

export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
}

/** All exports of a package. Patterns with `*` are expanded to the files that exist, without subpaths that are null. */
export function listExports(manifest: Manifest, folder: string): Export[] {
  const excluded = Object.keys(manifest.exports).filter(subpath => manifest.exports[subpath] === null)
  return Object.entries(manifest.exports).flatMap(([subpath, target]) =>
    listTargets(target)
      .flatMap(({ conditions, file }) => expand({ subpath, conditions, file }, folder))
      .filter(one => !excluded.includes(one.subpath)),
  )
}

function listTargets(target: Target, conditions: readonly string[] = []): { conditions: string[]; file: string }[] {
  if (target === null) return []
  if (typeof target === 'string') return [{ conditions: [...conditions], file: target }]
  return Object.entries(target).flatMap(([condition, inner]) => listTargets(inner, [...conditions, condition]))
}

function expand(one: Export, folder: string): Export[] {
  const star = one.file.indexOf('*')
  if (star < 0) return [one]
  const before = one.file.slice(0, star)
  const after = one.file.slice(star + 1)
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => `./${relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/')}`)
    .filter(path => path.startsWith(before) && path.endsWith(after) && path.length > before.length + after.length)
    .map(file => ({ ...one, subpath: one.subpath.replace('*', file.slice(star, file.length - after.length)), file }))
    .filter(({ subpath }) => !subpath.endsWith('.d'))
}
