import { equal, open } from '../checks.ts'
import { program, requirePackage } from '../install.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'ClusterWS (µWebSockets 0.14)',
  // Its µWebSockets are binaries for Node.js 8 to 10, and take sockets of TLS from the first of these alone.
  npm: ['clusterws', 'node8-linux-x64'],
  command: settings => ({
    words: [
      requirePackage.resolve('node8-linux-x64/bin/node'),
      program('clusterws.cjs'),
      requirePackage.resolve('clusterws'),
      JSON.stringify(settings),
    ],
  }),
  lacks: { fragments: 'it sends none', redirect: 'it answers with 101 or 400' },
  checks: {
    async subprotocol(target) {
      const { socket, echo, close } = await open(target, { protocols: ['echo', 'other'] })
      equal(socket.protocol, 'echo')
      equal(await echo('text'), 'text')
      await close()
      return 'it takes the first one'
    },
  },
}
