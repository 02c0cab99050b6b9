'use strict'
const { execFileSync } = require('node:child_process')

const deno = process.env.RUNTIME_DENO
if (deno === undefined) throw new Error('Deno is not installed: npm run runtimes -- deno')
execFileSync(deno, ['check', '--quiet', '--node-modules-dir=manual', 'globals.ts'], { stdio: 'inherit' })
