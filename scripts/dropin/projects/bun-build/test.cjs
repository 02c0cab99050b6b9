'use strict'
const { execFileSync } = require('node:child_process')

const bun = process.env.RUNTIME_BUN
if (bun === undefined) throw new Error('Bun is not installed: npm run runtimes -- bun')
execFileSync(bun, ['build', 'program.js', '--target=node', '--outfile=node/a.mjs'], { stdio: 'inherit' })
execFileSync(bun, ['build', 'one-copy.js', '--target=node', '--outfile=one/one-copy.mjs'], { stdio: 'inherit' })
execFileSync(process.execPath, ['run-bundle.cjs', 'node/a.mjs', 'one/one-copy.mjs'], { stdio: 'inherit' })
