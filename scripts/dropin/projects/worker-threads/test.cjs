'use strict'
const { expectOutput, main, nodes } = require('./children.cjs')

main(Object.keys(nodes).join(', '), async () => {
  for (const node of Object.values(nodes)) await expectOutput(node, ['program.mjs'])
})
