import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compiler, compilerEnvironment, compilerOptions as ownOptions } from './compiler.ts'
import type { Project } from './installed.ts'
import { run } from './run.ts'
import type { Violation } from './violation.ts'

/** Compiler options of users: with and without the types of browsers, and with both ways to resolve packages. */
const settings = [
  { lib: ['es2023'], module: 'nodenext' },
  { lib: ['es2023', 'dom'], module: 'nodenext' },
  { lib: ['es2023'], module: 'esnext', moduleResolution: 'bundler' },
]

/** The stand-in for ws has Buffers and streams of Node.js in its interface, so it needs those types. */
const NEED_NODE: ReadonlySet<string> = new Set(['./ws'])

/** Checks that the declarations compile in a user's program, without the types of Node.js and with `skipLibCheck` off. */
export function checkDeclarations({ folder, manifest }: Project, subpaths: readonly string[]): Violation[] {
  const specifiers = subpaths
    .filter(subpath => !subpath.endsWith('.json') && !NEED_NODE.has(subpath))
    .map(subpath => manifest.name + subpath.slice(1))
  writeFileSync(join(folder, 'program.mts'), specifiers.map(name => `export type {} from '${name}'\n`).join(''))
  return settings.flatMap(setting => {
    const compilerOptions = { ...setting, strict: true, noEmit: true, skipLibCheck: false, types: [], target: 'es2023' }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.mts'] }))
    const compiled = run(compiler, ['-p', folder, ...ownOptions], folder, undefined, compilerEnvironment)
    const place = `lib ${setting.lib.join(' and ')}, module ${setting.module}`
    if (compiled.exitCode === 0) return []
    return compiled.output
      .trim()
      .split('\n')
      .map(message => ({ place, message }))
  })
}
