'use strict'
const { expectOutput, main, runtime } = require('./children.cjs')

main('Deno', async () => {
  const flags = ['run', '--quiet', '--node-modules-dir=manual', '--allow-net', '--allow-read', '--allow-env']
  await expectOutput(
    runtime('deno'),
    [...flags, '--preload', './install-all.mjs', 'global-client.mjs'],
    'text 1000 ours',
  )
  await expectOutput(runtime('deno'), [...flags, '--preload', './polyfill.mjs', 'client.mjs'])
})
