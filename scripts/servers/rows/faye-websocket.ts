import { serveHttp } from '../http.ts'
import { requirePackage } from '../install.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'faye-websocket',
  npm: ['faye-websocket'],
  quick: true,
  async serve(settings) {
    const WebSocket = requirePackage('faye-websocket')
    await serveHttp(settings, server => {
      server.on('upgrade', (request, socket, head) => {
        const peer = new WebSocket(request, socket, head, ['echo'])
        peer.on('message', ({ data }: any) => {
          if (data === 'close') {
            for (let index = 0; index < 100; index++) peer.send(`last ${index}`)
            peer.close(4001, 'as you wish')
          } else peer.send(data)
        })
      })
    })
  },
  lacks: { fragments: 'it sends none', compression: 'it takes a package of its own' },
}
