import { WebSocketServer } from 'ws'
import { serveHttp } from '../http.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'ws',
  npm: ['ws'],
  quick: true,
  async serve(settings) {
    await serveHttp(settings, server => {
      const sockets = new WebSocketServer({
        server,
        perMessageDeflate: { threshold: 0 },
        handleProtocols: protocols => protocols.has('echo') && 'echo',
      })
      sockets.on('connection', socket => {
        socket.on('error', () => {})
        socket.on('message', (data: Buffer, binary) => {
          const text = binary ? '' : data.toString()
          if (text === 'close') {
            for (let index = 0; index < 100; index++) socket.send(`last ${index}`)
            return socket.close(4001, 'as you wish')
          }
          if (!text.startsWith('fragments')) return socket.send(data, { binary })
          // The first cut is inside of a character.
          const cuts = [0, 13, 13, data.length]
          for (const [index, start] of cuts.slice(0, -1).entries()) {
            socket.send(data.subarray(start, cuts[index + 1]), { binary, fin: index === cuts.length - 2 })
          }
        })
      })
    })
  },
}
