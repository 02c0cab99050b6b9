'use strict'
const { execFileSync } = require('node:child_process')

const deno = process.env.RUNTIME_DENO
if (deno === undefined) throw new Error('Deno is not installed: npm run runtimes -- deno')
for (const [program, file] of [
  ['program.js', 'out/a.mjs'],
  ['one-copy.js', 'one/one-copy.mjs'],
]) {
  const options = ['--platform', 'deno', '--node-modules-dir=manual', '--output', file]
  execFileSync(deno, ['bundle', ...options, program], { stdio: 'inherit' })
}
execFileSync(process.execPath, ['run-bundle.cjs', 'out/a.mjs', 'one/one-copy.mjs'], {
  stdio: 'inherit',
  env: { ...process.env, BUNDLE_RUNTIME: `${deno} run --allow-net --allow-read --allow-env` },
})
