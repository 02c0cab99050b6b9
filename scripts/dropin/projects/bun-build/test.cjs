'use strict'
const { execFileSync } = require('node:child_process')

const bun = process.env.RUNTIME_BUN
if (bun === undefined) throw new Error('Bun is not installed: npm run runtimes -- bun')
execFileSync(bun, ['build', 'program.js', '--target=node', '--outfile=node/a.mjs'], { stdio: 'inherit' })
execFileSync(process.execPath, ['run-bundle.cjs', 'node/a.mjs'], { stdio: 'inherit' })
