import { serveHttp } from '../http.ts'
import { requirePackage } from '../install.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'WebSocket-Node',
  npm: ['websocket'],
  quick: true,
  async serve(settings) {
    const { server: Server } = requirePackage('websocket')
    await serveHttp(settings, httpServer => {
      const limit = 16 * 1024 * 1024
      // It sends long messages in frames of this size.
      const sizes = { maxReceivedFrameSize: limit, maxReceivedMessageSize: limit, fragmentationThreshold: 1000 }
      new Server({ httpServer, ...sizes }).on('request', (request: any) => {
        const connection = request.accept(request.requestedProtocols.includes('echo') ? 'echo' : null, request.origin)
        connection.on('message', ({ utf8Data, binaryData }: any) => {
          if (utf8Data === 'close') {
            for (let index = 0; index < 100; index++) connection.sendUTF(`last ${index}`)
            connection.close(4001, 'as you wish')
          } else if (utf8Data === undefined) connection.sendBytes(binaryData)
          else connection.sendUTF(utf8Data)
        })
      })
    })
  },
  lacks: { compression: 'it has no extensions' },
}
