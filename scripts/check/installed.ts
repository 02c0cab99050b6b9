import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Export, listExports, type Manifest, readManifest } from './manifest.ts'
import { lastWords, run, runModule } from './run.ts'
import { unpack } from './tarball.ts'
import type { Violation } from './violation.ts'

/** A project with the package as its only installed package. */
export interface Project {
  readonly folder: string
  /** The folder of the package in `node_modules`. */
  readonly installed: string
  readonly manifest: Manifest
}

/** Installs a tarball in a new project, offline, so that a package with dependencies does not install. */
export function install(tarball: string, name: string, folder: string): Project {
  makeProject(folder)
  const done = run('npm', ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', tarball], folder)
  if (done.exitCode !== 0) throw new Error(`the tarball does not install:\n    ${lastWords(done)}`)
  return readProject(folder, join(folder, 'node_modules', name))
}

/** A new project with the files of a tarball where npm would install them: for whoever tests the package, and not its installation. */
export function unpackProject(tarball: string, name: string, folder: string): Project {
  makeProject(folder)
  return readProject(folder, unpack(tarball, name, folder))
}

function makeProject(folder: string): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'a-project', version: '1.0.0', private: true }))
}

function readProject(folder: string, installed: string): Project {
  return { folder, installed, manifest: readManifest(installed) }
}

/** Checks that the package requires no other package. */
export function checkDependencies({ folder, manifest }: Project): Violation[] {
  const { dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = manifest
  const required = [
    ...Object.keys(dependencies),
    ...Object.keys(peerDependencies).filter(name => peerDependenciesMeta[name]?.optional !== true),
  ]
  const there = readdirSync(join(folder, 'node_modules')).filter(name => !name.startsWith('.'))
  const others = there.filter(name => name !== manifest.name.split('/')[0])
  return [...new Set([...required, ...others])].map(name => ({
    place: 'package.json',
    message: `requires ${name}; the package is to require none`,
  }))
}

/** Checks that each export leads to a file, that `import` and `require` give the same, and that nothing else is exported. */
export function checkExports(project: Project): Violation[] {
  const exports = listExports(project.manifest, project.installed)
  return [
    ...checkTargets(exports, project),
    ...[...new Set(exports.map(({ subpath }) => subpath))].flatMap(subpath => checkLoading(subpath, project)),
    ...checkClosed(project),
  ]
}

/** Checks that the file of each export exists, and that Node.js with its conditions resolves to it. */
function checkTargets(exports: readonly Export[], project: Project): Violation[] {
  const resolve = resolveAll(
    exports.filter(({ conditions }) => !conditions.includes('types')),
    project,
  )
  return exports.flatMap(one => {
    const { subpath, conditions, file } = one
    const place = `exports["${subpath}"]${conditions.map(condition => `.${condition}`).join('')}`
    const path = join(project.installed, file)
    if (!existsSync(path)) return [{ place, message: `${file} is not in the package` }]
    if (conditions.includes('types') || shadowed(conditions)) return []
    const resolved = resolve(one)
    if (resolved === pathToFileURL(path).href) return []
    return [{ place, message: `resolves to ${resolved}, not to ${file}` }]
  })
}

/**
 * What Node.js resolves each export to under its conditions: a URL, or the message of an error. One process resolves all exports
 * with the same conditions, since to start a process for each takes 20 s of CPU time.
 */
function resolveAll(exports: readonly Export[], { folder, manifest }: Project): (one: Export) => string {
  const flagsOf = ({ conditions }: Export): string =>
    conditions
      .filter(condition => condition !== 'default')
      .map(condition => `--conditions=${condition}`)
      .join(' ')
  const results = new Map<string, Readonly<Record<string, string>> | string>()
  for (const flags of new Set(exports.map(flagsOf))) {
    const subpaths = exports.filter(one => flagsOf(one) === flags).map(({ subpath }) => subpath)
    const ran = runModule(
      `const results = {}
      for (const subpath of ${JSON.stringify(subpaths)}) {
        try {
          results[subpath] = import.meta.resolve(${JSON.stringify(manifest.name)} + subpath.slice(1))
        } catch (error) {
          results[subpath] = String(error)
        }
      }
      process.stdout.write(JSON.stringify(results))`,
      folder,
      flags === '' ? [] : flags.split(' '),
    )
    results.set(flags, ran.exitCode === 0 ? (JSON.parse(ran.output) as Record<string, string>) : lastWords(ran))
  }
  return one => {
    const result = results.get(flagsOf(one))!
    return typeof result === 'string' ? result : result[one.subpath]!
  }
}

/** Whether this is a nested `default`, which Node.js may not reach because one of its own conditions matches before it. */
function shadowed(conditions: readonly string[]): boolean {
  return conditions.includes('default') && conditions.length > 1
}

function checkLoading(subpath: string, { folder, manifest }: Project): Violation[] {
  const specifier = JSON.stringify(manifest.name + subpath.slice(1))
  const isJson = subpath.endsWith('.json')
  const loaded = runModule(
    `import { createRequire } from 'node:module'
    const required = createRequire(${JSON.stringify(pathToFileURL(join(folder, 'file.js')).href)})(${specifier})
    if (!${isJson}) {
      const imported = await import(${specifier})
      // Of the stand-in for ws, the class is the module.
      const members = typeof required === 'function' ? Object.assign(Object.create(required), { default: required }) : required
      for (const name of Object.keys(imported)) if (imported[name] !== members[name]) throw new Error(name + ' differs')
    }`,
    folder,
  )
  if (loaded.exitCode === 0) return []
  return [{ place: `exports["${subpath}"]`, message: `does not load:\n    ${lastWords(loaded)}` }]
}

/** Checks that a file that is not exported cannot be imported. */
function checkClosed({ folder, manifest }: Project): Violation[] {
  const specifier = JSON.stringify(`${manifest.name}/dist/api/websocket.js`)
  const { output } = runModule(`import(${specifier}).catch(error => process.stdout.write(error.code))`, folder)
  if (output === 'ERR_PACKAGE_PATH_NOT_EXPORTED') return []
  return [{ place: 'exports', message: 'a file that is no export can be imported' }]
}

/** Checks that each command of the package prints its help. */
export function checkCommands({ folder, manifest }: Project): Violation[] {
  return Object.keys(manifest.bin ?? {}).flatMap(name => {
    const started = run('npx', ['--no-install', name, '--help'], folder)
    if (started.exitCode === 0 && started.output.includes(name)) return []
    return [{ place: `bin["${name}"]`, message: `does not start:\n    ${lastWords(started)}` }]
  })
}

/** Checks that the package has all sources that its source maps name, and no compiled file whose source has been removed. */
export function checkSources({ installed }: Project): Violation[] {
  const files = readdirSync(installed, { recursive: true, encoding: 'utf8' }).map(file => file.replaceAll('\\', '/'))
  // dist/bundle is emptied by each build, and its files have no single source.
  const isCompiled = /^dist\/(?!bundle\/).*\.js$/
  const compiled = files.filter(file => isCompiled.test(file))
  const orphans = compiled.filter(file => !files.includes(file.replace(/^dist/, 'lib').replace(/\.js$/, '.ts')))
  const maps = files.filter(file => file.endsWith('.map'))
  const blind = maps.filter(file => {
    const { sources } = JSON.parse(readFileSync(join(installed, file), 'utf8')) as { sources: string[] }
    return sources.some(source => !existsSync(join(installed, dirname(file), source)))
  })
  return [
    ...orphans.map(place => ({ place, message: 'is compiled from no file of lib: it is left from an earlier build' })),
    ...blind.map(place => ({ place, message: 'names a source that is not in the package' })),
  ]
}
