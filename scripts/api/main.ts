import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

/*
 * npm run api: the API reference, made by TypeDoc from the docstrings. TypeDoc has no use for the native compiler that builds the
 * project, so it has a package.json of its own, with a TypeScript that it can call.
 */

const root = fileURLToPath(new URL('../../..', import.meta.url))
const folder = join(root, 'scripts/api/packages')
const output = join(root, 'build/api')

process.exitCode = main()

function main(): number {
  const program = join(folder, 'node_modules/typedoc/bin/typedoc')
  if (!existsSync(program)) {
    const installed = run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'])
    if (installed !== 0) return installed
  }
  return run(process.execPath, [program, '--options', 'typedoc.json', '--out', output])
}

function run(program: string, commandLine: readonly string[]): number {
  const shell = program === 'npm' && process.platform === 'win32'
  return spawnSync(program, commandLine, { cwd: folder, stdio: 'inherit', shell }).status ?? 1
}
