import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { takeBuiltinsFromProcess } from './builtins.ts'
import { type Implementation, STRICT } from './implementations.ts'

/*
 * A stand-in for another package: as for that package, what `require` gives is the class itself, and the other exports are
 * members of the class. The names of its modules, such as `entry/ws`, are those of `Implementation.standIn`.
 */

/**
 * Bundles a stand-in into `dist/bundle/MODULE.cjs`, with a small `MODULE.js` that names its exports. What it needs of the
 * implementation it takes from that implementation's file, so that there is one copy of the engine. `dist/bundle/MODULE-module.cjs` is for bundlers.
 *
 * @param modules those whose exports the implementation's file has by name
 * @param bundled all that are in that file
 * @throws if the stand-in has a copy of one of those
 */
export async function bundleStandIn(
  { name, target, standIn }: Implementation,
  modules: readonly string[],
  dist: string,
  bundled: readonly string[],
): Promise<void> {
  if (standIn === undefined) return
  const file = join(dist, 'bundle', standIn)
  const loader = posix.basename(`${standIn}`)
  const { metafile } = await build({
    stdin: { contents: `import exported from './${standIn}.js'\nmodule.exports = exported\n`, resolveDir: dist },
    outfile: `${file}.cjs`,
    format: 'cjs',
    banner: STRICT,
    bundle: true,
    platform: 'node',
    target,
    metafile: true,
    logLevel: 'warning',
    logOverride: { 'commonjs-variable-in-esm': 'silent' },
    absWorkingDir: dist,
    plugins: [shareModules(dist, modules, `../${name}.cjs`)],
  })
  takeBuiltinsFromProcess(`${file}.cjs`)
  const twice = Object.keys(metafile.inputs).filter(input => bundled.includes(input))
  if (twice.length > 0) throw new Error(`${standIn} has a copy of ${twice.join(', ')}: name them in "shared"`)
  // As the loading file of the implementation: so Node.js does not parse all of the CommonJS file for names.
  writeFileSync(
    join(dirname(file), `load-${loader}.cjs`),
    `'use strict'\nconst exported = require('./${loader}.cjs')\nmodule.exports = exported\n`,
  )
  // Bundlers take the modules, as they do for the rest of the package, so that a bundle has one copy of the engine. This is what
  // `require` gives there.
  const toModule = posix.relative(posix.dirname(posix.join('bundle', standIn)), standIn)
  writeFileSync(`${file}-module.cjs`, `'use strict'\nmodule.exports = require('${toModule}.js').default\n`)
  const names = (await exportsOf(standIn, dist)).filter(one => one !== 'default')
  writeFileSync(
    `${file}.js`,
    [
      `import exported from './load-${loader}.cjs'`,
      `export const { ${names.join(', ')} } = exported`,
      'export default exported',
      '',
    ].join('\n'),
  )
}

/** Lets imports of these modules read the exports that the implementation's file has by their names. */
function shareModules(dist: string, modules: readonly string[], file: string): Plugin {
  const root = dist.replaceAll('\\', '/')
  return {
    name: 'shared modules',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\.{1,2}\// }, ({ path, importer, namespace }) => {
        if (namespace === 'shared') return { path, external: true }
        if (importer === '') return undefined
        const target = posix.join(posix.dirname(importer.replaceAll('\\', '/')), path)
        const module = modules.find(one => target === posix.join(root, `${one}.js`))
        return module === undefined ? undefined : { path: module, namespace: 'shared' }
      })
      onLoad({ filter: /.*/, namespace: 'shared' }, async ({ path }) => {
        const names = (await exportsOf(path, dist)).filter(one => one !== 'default')
        return {
          contents: `const shared = require('${file}')['${path}']\nexport const { ${names.join(', ')} } = shared\n`,
          resolveDir: dist,
        }
      })
    },
  }
}

async function exportsOf(module: string, dist: string): Promise<string[]> {
  return Object.keys((await import(pathToFileURL(join(dist, `${module}.js`)).href)) as object)
}

/**
 * Replaces the declarations of a stand-in for `require`: what is exported is the class, with the types of the module in a namespace
 * of its name.
 */
export function writeStandInDeclarations({ standIn }: Implementation, dist: string): void {
  if (standIn === undefined) return
  const path = join(dist, standIn)
  renameSync(`${path}.d.cts`, `${path}-module.d.cts`)
  const text = readFileSync(`${path}-module.d.cts`, 'utf8')
  const types = [...text.matchAll(/\btype\s+(\w+)|export type \{([^}]*)\}/g)].flatMap(([, one, list]) => {
    return one === undefined ? (list!.match(/\w+/g) ?? []) : [one]
  })
  // What is exported as a type alone can have no alias in a namespace (TS1379), and only an alias keeps type parameters.
  writeFileSync(`${path}-module.d.cts`, text.replace(/\bexport type \{/g, 'export {').replace(/([{,]\s*)type /g, '$1'))
  writeFileSync(
    `${path}.d.cts`,
    [
      `import exported = require('./${posix.basename(standIn)}-module.cjs')`,
      'declare class WebSocket extends exported.WebSocket {}',
      'declare namespace WebSocket {',
      ...[...new Set(types)].map(name => `  export import ${name} = exported.${name}`),
      '}',
      'export = WebSocket',
      '',
    ].join('\n'),
  )
}
