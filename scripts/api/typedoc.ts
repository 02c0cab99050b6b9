import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { installPackages } from '../runtimes/install-packages.ts'

const folder = fileURLToPath(new URL('../../../scripts/api/packages', import.meta.url))

/**
 * Runs TypeDoc over all entries, as `packages/typedoc.json` says: a public member without a docstring, and a link that leads nowhere,
 * make it fail. TypeDoc has no use for the native compiler that builds the project, so it has a package.json of its own, with a
 * TypeScript that it can call; it is installed where it is missing.
 *
 * @returns the exit code
 */
export function runTypeDoc(options: readonly string[]): number {
  const program = join(folder, 'node_modules/typedoc/bin/typedoc')
  if (!existsSync(program) && !installPackages(folder)) return 1
  const commandLine = [program, '--options', 'typedoc.json', ...options]
  return spawnSync(process.execPath, commandLine, { cwd: folder, stdio: 'inherit' }).status ?? 1
}
