const { join } = require('node:path')

const programs = [
  ['plain', 'development', 'program.js', 'a.cjs'],
  ['min', 'production', 'program.js', 'a.cjs'],
  ['one', 'development', 'one-copy.js', 'one-copy.cjs'],
]

module.exports = programs.map(([folder, mode, entry, filename]) => ({
  entry: `./${entry}`,
  target: 'node20',
  mode,
  devtool: false,
  output: { path: join(__dirname, folder), filename },
}))
