import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { UsageError } from './options.ts'

export type RuntimeKind = 'node' | 'bun' | 'deno'

export interface Runtime {
  readonly kind: RuntimeKind
  readonly executable: string
  /** Name and version, such as `node 20.20.2`. */
  readonly label: string
}

/**
 * `node` is the runtime of this process; `bun` and `deno` are looked for in the `node_modules/.bin` of the current directory and
 * in the search path; anything else is the path of an executable. @throws {UsageError} when it is missing, or is not a runtime
 */
export async function findRuntime(name: string): Promise<Runtime> {
  const executable = name === 'node' ? process.execPath : locate(name)
  const { stdout } = await promisify(execFile)(executable, ['--version']).catch(error => {
    throw new UsageError(`${name} does not tell its version: ${String(error)}`)
  })
  const kind = kindOf(stdout, executable)
  const version = /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? stdout.trim()
  return { kind, executable, label: `${kind} ${version}` }
}

function kindOf(version: string, executable: string): RuntimeKind {
  if (/^v\d/.test(version)) return 'node'
  if (version.startsWith('deno')) return 'deno'
  if (/^\d/.test(version)) return 'bun'
  throw new UsageError(`${executable} is neither Node.js nor Bun nor Deno: its version is ${version.trim()}`)
}

function locate(name: string): string {
  if (name.includes('/') || name.includes('\\')) return resolve(name)
  const folders = [resolve('node_modules/.bin'), ...(process.env.PATH ?? '').split(delimiter)]
  const found = folders.map(folder => join(folder, name)).find(path => existsSync(path))
  if (found === undefined) throw new UsageError(`${name} is neither in node_modules/.bin nor in the search path`)
  return found
}

/** The arguments before the script that give tests all permissions and `gc()`. */
export function runtimeArguments(kind: RuntimeKind, location: string): string[] {
  switch (kind) {
    case 'node':
      return ['--expose-gc', '--no-warnings']
    case 'bun':
      return ['--expose-gc']
    case 'deno':
      return ['run', '--allow-all', '--quiet', '--v8-flags=--expose-gc', `--location=${location}`]
  }
}
