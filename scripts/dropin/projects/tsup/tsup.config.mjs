const common = { minify: true, splitting: true, noExternal: [/.*/] }

export default [
  { ...common, entry: ['program.js'], format: 'esm', outDir: 'esm' },
  { ...common, entry: ['program.js'], format: 'cjs', outDir: 'cjs' },
  { ...common, entry: ['one-copy.js'], format: 'cjs', outDir: 'one' },
]
