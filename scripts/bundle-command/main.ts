/**
 * Bundles the command `whatwg-websocket` into one file, `build/cli/whatwg-websocket.js`, with the library and with the packages
 * that it uses. So the package requires none of them. Their licences are written beside it.
 */
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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
  format: 'esm',
  platform: 'node',
  target: 'node20',
  metafile: true,
  // The optional native addons of ws.
  external: ['bufferutil', 'utf-8-validate'],
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  // The packages that are CommonJS call `require` for modules of the runtime.
  banner: {
    js: `#!/usr/bin/env node
import { createRequire as createRequireOfCommand } from 'node:module'
const require = createRequireOfCommand(import.meta.url)`,
  },
  logLevel: 'warning',
})
chmodSync(join(outdir, 'whatwg-websocket.js'), 0o755)
writeFileSync(join(outdir, 'LICENSES.txt'), licences(Object.keys(metafile.inputs)))

/** The licences of the packages that these files are of. */
function licences(files: readonly string[]): string {
  const names = files.flatMap(file => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? [])
  const texts = [...new Set(names)].sort().map(name => {
    const folder = join(root, 'node_modules', name)
    const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
      string,
      string
    >
    const file = existsSync(folder) ? readdirSync(folder).find(one => /^licen[cs]e/i.test(one)) : undefined
    const text = file === undefined ? '' : `\n${readFileSync(join(folder, file), 'utf8').trim()}\n`
    return `${name} ${version} (${license})\n${text}`
  })
  return `The command whatwg-websocket contains these packages.\n\n${texts.join('\n---\n\n')}`
}
