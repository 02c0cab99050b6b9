const { join } = require('node:path')

module.exports = ['plain', 'min'].map(name => ({
  entry: './program.js',
  target: 'node20',
  mode: name === 'min' ? 'production' : 'development',
  devtool: false,
  output: { path: join(__dirname, name), filename: 'a.cjs' },
}))
