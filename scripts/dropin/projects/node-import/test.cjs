'use strict'
const { expectOutput, main, nodes } = require('./children.cjs')

main(Object.keys(nodes).join(', '), async () => {
  for (const [name, node] of Object.entries(nodes)) {
    const hasOwn = !/ v20|NODE20/.test(name)
    // The polyfill leaves a WebSocket that is there.
    if (!hasOwn)
      await expectOutput(node, ['--import', 'whatwg-websocket/polyfill', 'global-client.mjs'], 'text 1000 ours')
    await expectOutput(node, ['--import', './install-all.mjs', 'global-client.mjs'], 'text 1000 ours')
    if (!hasOwn)
      await expectOutput(node, ['--require', 'whatwg-websocket/polyfill', 'global-client.mjs'], 'text 1000 ours')
  }
})
