import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

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
  if (!existsSync(program)) {
    const installed = run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'])
    if (installed !== 0) return installed
  }
  return run(process.execPath, [program, '--options', 'typedoc.json', ...options])
}

function run(program: string, commandLine: readonly string[]): number {
  const shell = program === 'npm' && process.platform === 'win32'
  return spawnSync(program, commandLine, { cwd: folder, stdio: 'inherit', shell }).status ?? 1
}
