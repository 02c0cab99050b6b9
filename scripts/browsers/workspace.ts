import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { PageWorld } from '../../spec-tests/browser/page-world.ts'
import { findChromium } from '../../wpt/runner/chromium.ts'
import { readManifest } from '../check/manifest.ts'
import { pack, unpack } from '../check/tarball.ts'
import { installTools } from '../dropin/project.ts'
import { installDebianPackages } from '../ensure-chromium/debian.ts'

export const root = fileURLToPath(new URL('../../..', import.meta.url))

/** The bundlers and frameworks, with the package as it is published; a folder for what they make; and a browser with its server. */
export interface Workspace {
  /** The folder of the projects. It is in the source folder, since nothing of it is compiled to build/. */
  readonly projects: string
  /** Empty at first. */
  readonly output: string
  readonly world: PageWorld
  close(): Promise<void>
}

/**
 * Installs what is missing, and the package as it is now.
 *
 * @param tools whether that takes more tools than the project itself has
 * @throws Error if that does not work
 */
export async function openWorkspace(tools: boolean): Promise<Workspace> {
  const projects = join(root, 'scripts/browsers/packages')
  if (tools) installTools(projects)
  if (findChromium() === undefined) installDebianPackages(['chromium'])
  const output = mkdtempSync(join(tmpdir(), 'browsers-'))
  unpack(pack(root, output), readManifest(root).name, projects)
  const world = await PageWorld.open()
  return {
    ...{ projects, output, world },
    async close() {
      await world.close()
      rmSync(output, { recursive: true, force: true })
    },
  }
}

/** Runs a program to its end, and returns what it wrote. @throws Error with what it wrote, if it fails */
export function runProgram(
  program: string,
  commandLine: readonly string[],
  folder: string,
  environment: Readonly<Record<string, string>> = {},
): string {
  const { status, stdout, stderr, error } = spawnSync(program, commandLine, {
    ...{ cwd: folder, encoding: 'utf8', timeout: 300_000, maxBuffer: 64 * 1024 * 1024 },
    env: { ...process.env, ...environment },
    shell: process.platform === 'win32',
  })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${program} ${commandLine.join(' ')} failed:\n${stdout}${stderr}`)
  return stdout
}
