'use strict'
const { expectOutput, main, nodes } = require('./children.cjs')

main(Object.keys(nodes).join(', '), async () => {
  for (const node of Object.values(nodes)) {
    await expectOutput(node, ['--frozen-intrinsics', 'client.mjs'])
    await expectOutput(node, ['--frozen-intrinsics', '--disable-proto=throw', 'client.mjs'])
  }
})
