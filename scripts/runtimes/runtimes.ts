import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

export type RuntimeKind = 'node' | 'bun' | 'deno' | 'workerd'

/** A runtime that `npm run runtimes` has installed. */
export interface Runtime {
  /** Such as `node24` or `bun`. */
  readonly name: string
  readonly kind: RuntimeKind
  readonly version: string
  /** An absolute path. */
  readonly executable: string
}

/** The package that has the runtimes as dependencies. It is in the source folder, since nothing of it is compiled to build/. */
export const folder: string = fileURLToPath(new URL('../../../scripts/runtimes/packages', import.meta.url))

// The programs inside of the packages. Their `bin` entries work only after install scripts, which are not run.
const places: readonly [name: RegExp, kind: RuntimeKind, program: string][] = [
  [/^(node\d+)-/, 'node', 'bin/node'],
  [/^@oven\/(bun)-/, 'bun', 'bin/bun'],
  [/^@deno\/()/, 'deno', 'deno'],
  [/^@cloudflare\/(workerd)-/, 'workerd', 'bin/workerd'],
]

/** The runtimes that are installed and run on this machine, which may be none. */
export function findRuntimes(): Runtime[] {
  const found = listPackages(join(folder, 'node_modules')).flatMap(path => {
    for (const [pattern, kind, program] of places) {
      const match = pattern.exec(path)
      if (match === null) continue
      const executable = join(folder, 'node_modules', path, process.platform === 'win32' ? `${program}.exe` : program)
      const version = readVersion(executable)
      return version === undefined ? [] : [{ name: match[1] || kind, kind, version, executable }]
    }
    return []
  })
  return found.sort((one, other) => (one.name < other.name ? -1 : 1))
}

/** The packages in a folder node_modules, such as `bun` and `@oven/bun-linux-x64`, without links and metadata of npm. */
export function listPackages(modules: string): string[] {
  if (!existsSync(modules)) return []
  const names = readdirSync(modules).filter(name => !name.startsWith('.'))
  return names.flatMap(name => {
    return name.startsWith('@') ? readdirSync(join(modules, name)).map(inner => `${name}/${inner}`) : [name]
  })
}

/** The version of each program that has told one: it is asked once, since that starts it. */
const versions = new Map<string, string>()

function readVersion(executable: string): string | undefined {
  const known = versions.get(executable)
  if (known !== undefined) return known
  const { status, stdout } = spawnSync(executable, ['--version'], { encoding: 'utf8' })
  const version = status === 0 ? /\d[\w.-]*/.exec(stdout)?.[0] : undefined
  if (version !== undefined) versions.set(executable, version)
  return version
}
