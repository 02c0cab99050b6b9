// node build.mjs BUNDLER ENTRY OUTPUT: bundles a page into one file, with what the bundler does by default for browsers.
import { basename, dirname } from 'node:path'
import process from 'node:process'

const [bundler, entry, output] = process.argv.slice(2)
const folder = dirname(output)
const name = basename(output)

const bundlers = {
  async esbuild() {
    const { build } = await import('esbuild')
    await build({ entryPoints: [entry], outfile: output, bundle: true, minify: true, format: 'esm' })
  },
  async rollup() {
    const { rollup } = await import('rollup')
    const { nodeResolve } = await import('@rollup/plugin-node-resolve')
    const onwarn = warning => {
      throw new Error(warning.message)
    }
    const bundle = await rollup({ input: entry, plugins: [nodeResolve({ browser: true })], onwarn })
    await bundle.write({ file: output, format: 'es' })
  },
  async webpack() {
    const { default: webpack } = await import('webpack')
    const stats = await new Promise((resolve, reject) => {
      const options = { mode: 'production', entry, output: { path: folder, filename: name } }
      webpack(options, (error, found) => (error ? reject(error) : resolve(found)))
    })
    if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString('errors-warnings'))
  },
  async vite() {
    const { build } = await import('vite')
    await build({
      ...{ root: dirname(entry), configFile: false, logLevel: 'warn', publicDir: false },
      build: {
        ...{ target: 'es2022', outDir: folder, emptyOutDir: false },
        rollupOptions: { input: entry, output: { entryFileNames: name } },
      },
    })
  },
}

await bundlers[bundler]()
