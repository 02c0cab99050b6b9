import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { UsageError } from './options.ts'
import type { RuntimeKind } from './runtimes.ts'

/** Packages to compare with. */
const packages = ['ws', 'undici']

/** The address of the module of an implementation; undefined for `native`. @throws {UsageError} when it is missing */
export function findImplementation(name: string, runtime: RuntimeKind): string | undefined {
  if (name === 'native') return undefined
  if (name === 'ours') return pathToFileURL(ownEntry(runtime)).href
  if (packages.includes(name)) return pathToFileURL(resolvePackage(name)).href
  const path = resolve(name)
  if (!existsSync(path))
    throw new UsageError(`no implementation ${name}: neither ours, native, ws or undici nor a file`)
  return pathToFileURL(path).href
}

/** Path of this package's entry for a runtime, as `import 'whatwg-websocket'` resolves it there. */
function ownEntry(runtime: RuntimeKind): string {
  const root = new URL('../../../', import.meta.url)
  const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { exports: { '.': Target } }
  const target = select(manifest.exports['.'], new Set([runtime, 'node', 'import', 'default']))
  if (target === undefined) throw new UsageError(`package.json exports nothing for ${runtime}`)
  const path = fileURLToPath(new URL(target, root))
  if (!existsSync(path)) throw new UsageError(`${path} is not built`)
  return path
}

type Target = string | { readonly [condition: string]: Target }

/** Resolves a target of `exports`: the first condition that matches, in the order of the manifest. */
function select(target: Target, conditions: ReadonlySet<string>): string | undefined {
  if (typeof target === 'string') return target
  for (const [condition, inner] of Object.entries(target)) {
    const found = conditions.has(condition) ? select(inner, conditions) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

/** Whether a package can be imported by test processes. */
export function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name)
    return true
  } catch {
    return false
  }
}

/** Resolves a package from here, or else from the current directory, where users of this package have it installed. */
function resolvePackage(name: string): string {
  for (const from of [import.meta.url, pathToFileURL(resolve('package.json')).href]) {
    try {
      return createRequire(from).resolve(name)
    } catch {}
  }
  throw new UsageError(`${name} is not installed`)
}
