/**
 * Bundles the entry for Node.js and the transports into `dist/bundle/`. Users import these few files in place of some sixty
 * modules, and Node.js loads them in a third of the time (bench: import). Modules that the entry and a transport share become
 * shared chunks, so that each class exists once. Bundlers get the modules in `dist/` themselves, for tree shaking.
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
  external: ['cloudflare:*'],
  logLevel: 'warning',
})
// The polyfill only imports the entry, so it is copied. As an entry point it would turn the entry into a chunk of another name.
const polyfill = readFileSync(join(dist, 'entry/polyfill.js'), 'utf8')
writeFileSync(join(outdir, 'entry/polyfill.js'), polyfill.replace(/^\/\/# sourceMappingURL.*/m, ''))
