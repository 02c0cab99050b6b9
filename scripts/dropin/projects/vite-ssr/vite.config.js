import { defineConfig } from 'vite'

export default defineConfig({
  logLevel: 'warn',
  ssr: { noExternal: true },
  build: { ssr: true, outDir: 'out', rollupOptions: { input: 'program.js', output: { entryFileNames: 'a.js' } } },
})
