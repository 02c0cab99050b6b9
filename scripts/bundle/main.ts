/**
 * Joins the modules that an entry is made of: what users import are a few files in place of sixty, which Node.js loads in a
 * third of the time (bench: import). Bundlers get the modules themselves, of which they can drop what nobody uses. What the transports share with it stays shared, so that there is one of each class.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const dist = fileURLToPath(new URL('../../../dist', import.meta.url))
const outdir = join(dist, 'bundle')
const transports = readdirSync(join(dist, 'transport')).filter(name => name.endsWith('.js'))

rmSync(outdir, { recursive: true, force: true })
await build({
  entryPoints: [join(dist, 'entry/node.js'), ...transports.map(name => join(dist, 'transport', name))],
  outdir,
  outbase: dist,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'es2023',
  chunkNames: 'chunk-[hash]',
  logLevel: 'warning',
})
// It imports the other entry alone. In the same bundle that would become a file that both share, of another name.
const polyfill = readFileSync(join(dist, 'entry/polyfill.js'), 'utf8')
writeFileSync(join(outdir, 'entry/polyfill.js'), polyfill.replace(/^\/\/# sourceMappingURL.*/m, ''))
