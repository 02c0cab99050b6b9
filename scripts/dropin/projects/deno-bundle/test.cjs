'use strict'
const { execFileSync } = require('node:child_process')

const deno = process.env.RUNTIME_DENO
if (deno === undefined) throw new Error('Deno is not installed: npm run runtimes -- deno')
execFileSync(
  deno,
  ['bundle', '--platform', 'deno', '--node-modules-dir=manual', '--output', 'out/a.mjs', 'program.js'],
  {
    stdio: 'inherit',
  },
)
execFileSync(process.execPath, ['run-bundle.cjs', 'out/a.mjs'], {
  stdio: 'inherit',
  env: { ...process.env, BUNDLE_RUNTIME: `${deno} run --allow-net --allow-read --allow-env` },
})
