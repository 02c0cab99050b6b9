/** @jest-environment-options {"customExportConditions": ["node", "node-addons"], "url": "https://app.example/page/"} */
// The condition "node".
const ours = require('whatwg-websocket')

require('./engine.cjs')(ours)

test('the condition node', () => {
  const path = require.resolve('whatwg-websocket').split('whatwg-websocket/')[1]
  console.log(`# ${path}`)
  expect(path).toBe('dist/bundle/entry/node.cjs')
})
