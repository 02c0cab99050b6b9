// node build.mjs FOLDER: builds server.mjs and client.js
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const root = fileURLToPath(new URL('.', import.meta.url))
const outDir = process.argv[2]
const common = { root, configFile: false, logLevel: 'warn', publicDir: false }
const options = { target: 'es2022', outDir, emptyOutDir: false }
await build({
  ...common,
  ssr: { noExternal: true },
  build: { ...options, ssr: 'server.js', rollupOptions: { output: { entryFileNames: 'server.mjs' } } },
})
const input = fileURLToPath(new URL('client.js', import.meta.url))
await build({
  ...common,
  build: { ...options, rollupOptions: { input, output: { entryFileNames: 'client.js' } } },
})
