import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { type Outcome, run } from '../check/run.ts'
import { packOnce, unpack } from '../check/tarball.ts'
import { installPackages } from '../runtimes/install-packages.ts'
import { findRuntimes } from '../runtimes/runtimes.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
export const projectsFolder = join(root, 'scripts/dropin/projects')
/** The tools are installed in `node_modules` here, and the projects run in folders below, so that Node.js and npm find the tools. */
const packages = join(root, 'scripts/dropin/packages')

/** Milliseconds that a project, and an installation, may take. */
const LIMIT = 900_000

const NPM_INSTALL = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock']

/**
 * Installs the tools that are missing, or other than package.json wants.
 *
 * @param folder that of a package.json. Default: that of the projects here
 * @throws if they cannot be installed
 */
export function installTools(folder: string = packages): void {
  const wanted = readFileSync(join(folder, 'package.json'), 'utf8')
  const noted = join(folder, 'node_modules/.installed.json')
  if (existsSync(noted) && readFileSync(noted, 'utf8') === wanted) return
  if (!installPackages(folder)) throw new Error(`The tools of ${folder} cannot be installed`)
  cpSync(join(folder, 'package.json'), noted)
}

/** Tells the projects where Bun and Deno are, by the environment. */
export function nameRuntimes(): void {
  for (const { name, executable } of findRuntimes()) process.env[`RUNTIME_${name.toUpperCase()}`] = executable
}

/** Packs the package, as it is built. Returns the path of the tarball, which is removed when this process ends. */
export function packPackage(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dropin-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return packOnce(root, folder)
}

/**
 * Copies a project to a folder below the tools, puts the package there, or installs it with what else its package.json names, and runs
 * its script "test".
 */
export function runProject(name: string, tarball: string): Outcome {
  const folder = join(packages, 'run', name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  cpSync(join(root, 'scripts/dropin/common'), folder, { recursive: true })
  cpSync(join(projectsFolder, name), folder, { recursive: true })
  try {
    const { ownInstall, dependencies } = manifestOf(name)
    // A project with another package manager installs the tarball by itself.
    if (ownInstall === true) cpSync(tarball, join(folder, 'package.tgz'))
    else if (dependencies !== undefined) npm([...NPM_INSTALL, '--no-save', tarball], folder)
    else unpack(tarball, 'whatwg-websocket', folder)
    const { exitCode, output, errors } = runScript(manifestOf(name).scripts.test, folder)
    return { exitCode, output: output + errors, errors }
  } catch (error) {
    return { exitCode: 1, output: String(error), errors: '' }
  }
}

/** Runs a script of a package.json as npm does, without npm, which takes 0.3 s of CPU time: its shell finds the tools by their names. */
function runScript(script: string, folder: string): Outcome {
  const tools = [folder, packages].map(parent => join(parent, 'node_modules/.bin'))
  const path = [...tools, process.env.PATH].join(delimiter)
  return run('sh', ['-c', script], folder, LIMIT, { PATH: path })
}

/** What the package.json of a project says. */
export interface Manifest {
  readonly scripts: { readonly test: string }
  readonly description?: string
  /** Whether the project is left out by default, since it takes long. */
  readonly slow?: boolean
  readonly ownInstall?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
}

export function manifestOf(name: string): Manifest {
  return JSON.parse(readFileSync(join(projectsFolder, name, 'package.json'), 'utf8')) as Manifest
}

function npm(commandLine: string[], folder: string): void {
  const { exitCode, output, errors } = run('npm', commandLine, folder, LIMIT)
  if (exitCode !== 0) throw new Error(`npm ${commandLine.join(' ')}: exit code ${exitCode}\n${output}${errors}`)
}
