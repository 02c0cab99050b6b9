import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { checkSideEffects } from './check/bundled.ts'
import { checkDeclarations } from './check/declarations.ts'
import { checkCommands, checkDependencies, checkExports, checkSources, install } from './check/installed.ts'
import { listExports, readManifest } from './check/manifest.ts'
import { checkTypes, lintTarball, pack } from './check/tarball.ts'
import { report } from './check/violation.ts'

/* The package as a user gets it: packed, looked at, installed, loaded and bundled. */

const root = process.argv[2] ?? fileURLToPath(new URL('../..', import.meta.url))
const manifest = readManifest(root)
const folder = mkdtempSync(join(tmpdir(), 'exports-'))
try {
  const tarball = pack(root, folder)
  const project = install(tarball, manifest.name, join(folder, 'project'))
  const subpaths = [...new Set(listExports(project.manifest, project.installed).map(({ subpath }) => subpath))]
  const typed = subpaths.filter(subpath => !subpath.endsWith('.json'))
  const violations = [
    ...(await lintTarball(tarball, manifest)),
    ...checkTypes(tarball, typed, folder),
    ...checkDeclarations(project, subpaths),
    ...checkDependencies(project),
    ...checkExports(project),
    ...checkCommands(project),
    ...checkSources(project),
    ...(await checkSideEffects(project)),
  ]
  process.exitCode = report('exports', violations, `${subpaths.length} exports, on Node.js ${process.version}`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
