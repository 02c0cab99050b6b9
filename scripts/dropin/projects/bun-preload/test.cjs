'use strict'
const { expectOutput, main, runtime } = require('./children.cjs')

main('Bun', async () => {
  const bun = runtime('bun')
  await expectOutput(bun, ['--preload', './install-all.mjs', 'global-client.mjs'], 'text 1000 ours')
  await expectOutput(bun, ['--preload', 'whatwg-websocket/polyfill', 'client.mjs'])
})
