import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, posix } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type BuildOptions, build, type Plugin } from 'esbuild'
import { takeBuiltinsFromProcess } from './builtins.ts'
import { type Implementation, STRICT } from './implementations.ts'
import { shorten } from './shorten.ts'
import { bundleStandIn } from './stand-in.ts'

/** Bundles an implementation from the modules in `dist` into `dist/bundle/`. @throws if a module on top has a copy of another one */
export async function bundle(implementation: Implementation, dist: string): Promise<void> {
  const { name, onTop = [], wholeModules = false, commonJs = true } = implementation
  const modules = listModules(implementation, dist)
  const bundled: string[] = []
  if (commonJs) {
    const inFile = [...modules, ...(implementation.shared ?? [])]
    bundled.push(...(await bundleModules(implementation, inFile, dist)))
    const file = join(dist, 'bundle', `${name}.cjs`)
    takeBuiltinsFromProcess(file)
    await shorten(file)
    await bundleStandIn(implementation, inFile, dist, bundled)
    write(dist, `load-${name}.cjs`, loadingFile(implementation))
  }
  for (const module of modules) {
    const names = await exportsOf(module, dist)
    if (commonJs) write(dist, `${module}.cjs`, commonJsFile(implementation, module, names))
    if (wholeModules) bundled.push(...(await bundleWhole(implementation, module, dist)))
    else write(dist, `${module}.js`, esModule(implementation, module, names))
  }
  for (const module of onTop) {
    for (const format of commonJs ? (['cjs', 'esm'] as const) : (['esm'] as const)) {
      const inputs = await bundleOnTop(implementation, module, format, dist)
      const twice = inputs.filter(input => bundled.includes(input))
      if (twice.length > 0) throw new Error(`${module} has a copy of ${twice.join(', ')}: import the entry instead`)
    }
  }
}

function listModules({ modules }: Implementation, dist: string): string[] {
  const excluded = modules.filter(name => name.startsWith('!')).map(name => name.slice(1))
  const included = modules.filter(name => !name.startsWith('!')).flatMap(name => list(name, dist))
  return included.filter(name => !excluded.includes(name))
}

function list(name: string, dist: string): string[] {
  if (!name.endsWith('/*')) return [name]
  const folder = dirname(name)
  const files = readdirSync(join(dist, folder)).filter(file => file.endsWith('.js'))
  return files.map(file => `${folder}/${basename(file, '.js')}`)
}

/** The names of what a module exports, `default` among them. */
export async function exportsOf(module: string, dist: string): Promise<string[]> {
  return Object.keys((await import(pathToFileURL(join(dist, `${module}.js`)).href)) as object)
}

/**
 * Writes the file of the implementation: an object with the exports of each module, by its name. They are put together when one of
 * the small files asks: a namespace object for each module takes a third of the time that the file runs (bench: import).
 *
 * The object is not marked as an ES module (`__esModule`), so that it is the default import in all bundlers. It is assigned by a name:
 * webpack 5.113 shortens names that are read of a literal in `module.exports = {}`, and leaves the getters in it as they are.
 *
 * @returns the modules that are in it
 */
async function bundleModules(implementation: Implementation, modules: string[], dist: string): Promise<string[]> {
  let imports = ''
  let properties = ''
  for (const [index, module] of modules.entries()) {
    const names = await exportsOf(module, dist)
    imports += `import { ${names.map(name => `${name} as ${name}${index}`).join(', ')} } from './${module}.js'\n`
    properties += `  get '${module}'() { return { ${names.map(name => `${name}: ${name}${index}`).join(', ')} } },\n`
  }
  return run(implementation, dist, {
    stdin: { contents: `${imports}const byModule = {\n${properties}}\nmodule.exports = byModule\n`, resolveDir: dist },
    outfile: join(dist, 'bundle', `${implementation.name}.cjs`),
    format: 'cjs',
    logOverride: { 'commonjs-variable-in-esm': 'silent' },
  })
}

function bundleWhole(implementation: Implementation, module: string, dist: string): Promise<string[]> {
  return run(implementation, dist, {
    entryPoints: [join(dist, `${module}.js`)],
    outfile: join(dist, 'bundle', `${module}.js`),
    format: 'esm',
  })
}

function bundleOnTop(
  implementation: Implementation,
  module: string,
  format: 'cjs' | 'esm',
  dist: string,
): Promise<string[]> {
  const extension = format === 'cjs' ? '.cjs' : '.js'
  const entries: Plugin = {
    name: 'entries stay files of their own',
    setup({ onResolve }) {
      onResolve({ filter: /^\.{1,2}\// }, ({ path, importer }) => {
        if (importer === '') return undefined
        const target = posix.join(dirname(importer).replaceAll('\\', '/'), path)
        const entry = implementation.modules.find(
          name => target === posix.join(dist.replaceAll('\\', '/'), `${name}.js`),
        )
        if (entry === undefined) return undefined
        const relative = posix.relative(posix.dirname(module), entry)
        return { path: `${relative.startsWith('.') ? '' : './'}${relative}${extension}`, external: true }
      })
    },
  }
  return run(implementation, dist, {
    entryPoints: [join(dist, `${module}.js`)],
    outfile: join(dist, 'bundle', `${module}${extension}`),
    format,
    plugins: [entries],
  })
}

async function run({ platform, target }: Implementation, dist: string, options: BuildOptions): Promise<string[]> {
  const { metafile } = await build({
    bundle: true,
    platform,
    target,
    metafile: true,
    external: ['cloudflare:*'],
    logLevel: 'warning',
    absWorkingDir: dist,
    banner: options.format === 'cjs' ? STRICT : {},
    ...options,
  })
  return Object.keys(metafile!.inputs).filter(input => input !== '<stdin>')
}

/**
 * A small file between ES modules and the implementation: Node.js parses each CommonJS file that an ES module imports for names of
 * exports, which takes 50 ms on Node.js 20 for the implementation.
 */
export function loadingFile({ name }: Pick<Implementation, 'name'>): string {
  return `'use strict'
const implementation = require('./${name}.cjs')
module.exports = implementation
`
}

/** A file for `require`, with a statement for each name: so Node.js and the tools that read CommonJS see the names. */
export function commonJsFile({ name }: Pick<Implementation, 'name'>, module: string, names: readonly string[]): string {
  return [
    "'use strict'",
    "Object.defineProperty(exports, '__esModule', { value: true })",
    `const implementation = require('${toRoot(module)}${name}.cjs')`,
    `const exported = implementation['${module}']`,
    ...names.map(one => `exports.${one} = exported.${one}`),
    '',
  ].join('\n')
}

/** A file for `import`. Its names are static, so that bundlers see them. */
export function esModule({ name }: Pick<Implementation, 'name'>, module: string, names: readonly string[]): string {
  if (names.length === 0) return 'export {}\n'
  const others = names.filter(one => one !== 'default')
  return [
    `import implementation from '${toRoot(module)}load-${name}.cjs'`,
    `const exported = implementation['${module}']`,
    `export const { ${others.join(', ')} } = exported`,
    ...(names.includes('default') ? ['export default exported.default'] : []),
    '',
  ].join('\n')
}

function toRoot(module: string): string {
  return '../'.repeat(module.split('/').length - 1) || './'
}

export function write(dist: string, file: string, text: string): void {
  const path = join(dist, 'bundle', file)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
