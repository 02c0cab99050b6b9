import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkSideEffects } from './bundled.ts'
import { checkDeclarations } from './declarations.ts'
import { checkCommands, checkDependencies, checkExports, checkSources, install } from './installed.ts'
import { listExports, readManifest } from './manifest.ts'
import { checkTypes, lintTarball, packOnce } from './tarball.ts'
import type { Violation } from './violation.ts'

/**
 * Checks the package at `root` as a user gets it: packed, linted, installed, loaded, compiled and bundled.
 *
 * @returns also the number of subpaths that it exports
 */
export async function checkPackage(root: string): Promise<{ exports: number; violations: Violation[] }> {
  const manifest = readManifest(root)
  const folder = mkdtempSync(join(tmpdir(), 'exports-'))
  try {
    const tarball = packOnce(root, folder)
    const project = install(tarball, manifest.name, join(folder, 'project'))
    const exports = listExports(project.manifest, project.installed)
    const subpaths = [...new Set(exports.map(({ subpath }) => subpath))]
    const typed = subpaths.filter(subpath => !subpath.endsWith('.json'))
    const dual = new Set(exports.filter(one => one.conditions.includes('require')).map(({ subpath }) => subpath))
    const violations = [
      ...(await lintTarball(tarball, manifest)),
      ...(await checkTypes(
        tarball,
        typed.filter(subpath => dual.has(subpath)),
        typed.filter(subpath => !dual.has(subpath)),
      )),
      ...checkDeclarations(project, subpaths),
      ...checkDependencies(project),
      ...checkExports(project),
      ...checkCommands(project),
      ...checkSources(project),
      ...(await checkSideEffects(project)),
    ]
    return { exports: subpaths.length, violations }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
