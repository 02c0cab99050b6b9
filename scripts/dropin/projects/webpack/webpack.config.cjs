const { join } = require('node:path')

const programs = [
  ['plain', 'development', 'program.js', 'a.cjs'],
  ['min', 'production', 'program.js', 'a.cjs'],
  ['one', 'development', 'one-copy.js', 'one-copy.cjs'],
  // Conditions of one's own, without "module". What counts here is which files are taken, and to minify them takes 7 s.
  ['own', 'production', 'one-copy.js', 'one-copy.cjs', { conditionNames: ['import', 'require', 'node'] }, false],
]

const bundles = programs.map(([folder, mode, entry, filename, resolve, minimize]) => ({
  entry: `./${entry}`,
  target: 'node20',
  mode,
  devtool: false,
  resolve,
  optimization: { minimize },
  output: { path: join(__dirname, folder), filename },
}))

// A worker, for which nothing is configured but the condition. What counts here, too, is which files are taken.
const worker = {
  entry: './worker.js',
  target: 'webworker',
  mode: 'production',
  resolve: { conditionNames: ['workerd', 'import', 'module', 'default'] },
  optimization: { minimize: false },
  experiments: { outputModule: true },
  output: { path: join(__dirname, 'worker'), filename: 'worker.mjs', module: true, library: { type: 'module' } },
}

module.exports = [...bundles, worker]
