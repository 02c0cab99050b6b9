import { defineConfig } from 'vite'

// The mode is the program and its bundle: `vite build --mode program.js:out/a.js`.
export default defineConfig(({ mode }) => {
  const [input, outDir, entryFileNames] = mode.split(/[:/]/)
  return {
    logLevel: 'warn',
    ssr: { noExternal: true },
    build: { ssr: true, outDir, rollupOptions: { input, output: { entryFileNames } } },
  }
})
