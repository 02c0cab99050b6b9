/**
 * Bundles the command `whatwg-websocket` into `build/cli`, with the library and with the packages that it uses. So the package
 * requires none of them. Their licences are written beside it. `whatwg-websocket.js` reads the command line; the other files have what
 * it loads when it needs it.
 */
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const outdir = join(root, 'build/cli')

rmSync(outdir, { recursive: true, force: true })
const { metafile } = await build({
  entryPoints: { 'whatwg-websocket': join(root, 'build/scripts/cli/main.js') },
  outdir,
  bundle: true,
  splitting: true,
  chunkNames: '[name]-[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node20',
  metafile: true,
  absWorkingDir: root,
  // The optional native addons of ws.
  external: ['bufferutil', 'utf-8-validate'],
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  // The packages that are CommonJS call `require` for modules of the runtime.
  banner: {
    js: `import { createRequire as createRequireOfCommand } from 'node:module'
const require = createRequireOfCommand(import.meta.url)`,
  },
  logLevel: 'warning',
})
const program = join(outdir, 'whatwg-websocket.js')
writeFileSync(program, `#!/usr/bin/env node\n${readFileSync(program, 'utf8')}`)
chmodSync(program, 0o755)
writeFileSync(join(outdir, 'LICENSES.txt'), licences(Object.keys(metafile.inputs)))

/** The licences of the packages that these files are of. */
function licences(files: readonly string[]): string {
  const folders = files.flatMap(file => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0] ?? [])
  const texts = [...new Set(folders)].map(folder => {
    const place = join(root, folder)
    const { name, version, license } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8')) as Manifest
    const file = readdirSync(place).find(one => /^licen[cs]e/i.test(one))
    const text = file === undefined ? '' : `\n${readFileSync(join(place, file), 'utf8').trim()}\n`
    return `${name} ${version} (${license})\n${text}`
  })
  return `The command whatwg-websocket contains these packages.\n\n${[...new Set(texts)].sort().join('\n---\n\n')}`
}

interface Manifest {
  readonly name: string
  readonly version: string
  readonly license: string
}
