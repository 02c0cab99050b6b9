import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { installDebianPackages } from '../ensure-chromium/debian.ts'
import { installPackages } from '../runtimes/install-packages.ts'
import { findRuntimes } from '../runtimes/runtimes.ts'
import type { Row } from './row.ts'

/** Nothing of these folders is compiled to build/, so that they are in the source folder. */
const packages = fileURLToPath(new URL('../../../scripts/servers/packages/', import.meta.url))
const programs = fileURLToPath(new URL('../../../scripts/servers/programs/', import.meta.url))

/** A package of scripts/servers/packages. */
export const requirePackage = createRequire(packages)

/** A file of scripts/servers/programs. */
export function program(name: string): string {
  return join(programs, name)
}

/** The executable of a runtime that `npm run runtimes` has installed. */
export function runtime(name: string): string {
  const found = findRuntimes().find(({ kind }) => kind === name)
  if (found === undefined) throw new Error(`${name} is not installed: npm run runtimes -- ${name}`)
  return found.executable
}

/** Installs what the rows need and is missing, with apt-get as root or with sudo, and with npm. */
export function install(rows: readonly Row[]): void {
  const debian = new Set(rows.flatMap(({ debian = [] }) => debian).filter(name => debianVersion(name) === undefined))
  if (debian.size > 0) installDebianPackages([...debian])
  if (rows.flatMap(({ npm = [] }) => npm).some(name => npmVersion(name) === undefined)) {
    installPackages(packages)
  }
  const runtimes = rows.flatMap(({ runtime }) => runtime ?? [])
  const missing = runtimes.filter(wanted => !findRuntimes().some(({ kind }) => kind === wanted))
  const installer = fileURLToPath(new URL('../runtimes/main.js', import.meta.url))
  if (missing.length > 0) spawnSync(process.execPath, [installer, ...missing], { stdio: 'ignore' })
}

/** The version of a server. Undefined if it is not installed. */
export function versionOf(row: Row): string | undefined {
  const debian = (row.debian ?? []).map(debianVersion)
  const npm = (row.npm ?? []).map(npmVersion)
  if ([...debian, ...npm].includes(undefined)) return undefined
  const found = row.runtime && findRuntimes().find(({ kind }) => kind === row.runtime)
  if (row.runtime !== undefined && found === undefined) return undefined
  return npm[0] ?? found?.version ?? debian[0]?.replace(/^\d+:|[-+~].*$/g, '')
}

function debianVersion(name: string): string | undefined {
  const { stdout } = spawnSync('dpkg-query', ['--status', name], { encoding: 'utf8' })
  // Null where there is no such program.
  return /^Status: install ok installed$/m.test(stdout ?? '') ? /^Version: (.*)/m.exec(stdout)?.[1] : undefined
}

function npmVersion(name: string): string | undefined {
  const manifest = [packages, fileURLToPath(new URL('../../../', import.meta.url))]
    .map(folder => join(folder, 'node_modules', name, 'package.json'))
    .find(existsSync)
  return manifest === undefined ? undefined : JSON.parse(readFileSync(manifest, 'utf8')).version
}
