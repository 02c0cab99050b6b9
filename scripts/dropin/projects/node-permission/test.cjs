'use strict'
const { realpathSync } = require('node:fs')
const { spawnSync } = require('node:child_process')
const { dirname, join } = require('node:path')
const { expectOutput, main, nodes } = require('./children.cjs')

/** The folder of the package, which is what the program has to read besides itself. */
const folder = dirname(require.resolve('whatwg-websocket/package.json'))
const read = [join(__dirname, 'client.mjs'), join(__dirname, 'package.json'), folder].map(
  path => `--allow-fs-read=${realpathSync(path)}`,
)

main(Object.keys(nodes).join(', '), async () => {
  for (const node of Object.values(nodes)) {
    // Node.js 20 has the experimental name, and Node.js 25 and later restrict the network as well.
    const known = spawnSync(node, ['-p', '[...process.allowedNodeEnvironmentFlags].join()'], {
      encoding: 'utf8',
    }).stdout
    const permission = known.includes('--permission,') ? '--permission' : '--experimental-permission'
    const net = known.includes('--allow-net') ? ['--allow-net'] : []
    await expectOutput(node, [permission, ...net, ...read, 'client.mjs'])
    // Without the permission for the network, the connection fails and the program goes on.
    if (net.length > 0) await expectOutput(node, [permission, ...read, 'client.mjs'], 'error 1006')
  }
})
