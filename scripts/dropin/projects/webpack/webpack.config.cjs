const { join } = require('node:path')

const programs = [
  ['plain', 'development', 'program.js', 'a.cjs'],
  ['min', 'production', 'program.js', 'a.cjs'],
  ['one', 'development', 'one-copy.js', 'one-copy.cjs'],
  // Conditions of one's own, without "module".
  ['own', 'production', 'one-copy.js', 'one-copy.cjs', { conditionNames: ['import', 'require', 'node'] }],
]

const bundles = programs.map(([folder, mode, entry, filename, resolve]) => ({
  entry: `./${entry}`,
  target: 'node20',
  mode,
  devtool: false,
  resolve,
  output: { path: join(__dirname, folder), filename },
}))

// A worker, for which nothing is configured but the condition.
const worker = {
  entry: './worker.js',
  target: 'webworker',
  mode: 'production',
  resolve: { conditionNames: ['workerd', 'import', 'module', 'default'] },
  experiments: { outputModule: true },
  output: { path: join(__dirname, 'worker'), filename: 'worker.mjs', module: true, library: { type: 'module' } },
}

module.exports = [...bundles, worker]
