import { deepEqual, equal } from 'node:assert/strict'
import type { Row } from '../row.ts'
import { startStub } from '../server.ts'

export const row: Row = {
  name: 'msw',
  server: { stub: 'an echo' },
  reached: 'the global, which it replaces by a class that makes sockets of ours for `server.connect()`',
  trip: 'a handler that changes what the client sends and answers by itself, in front of a real server; afterwards the global is ours again',
  large: true,
  async run(trip) {
    const port = await startStub(trip, (message, peer) => peer.send(message))
    const { ws } = await trip.load('msw')
    const { setupServer } = await trip.load('msw/node')
    const link = ws.link(`ws://127.0.0.1:${port}/`)
    const mock = setupServer(
      link.addEventListener('connection', ({ client, server }: any) => {
        server.connect()
        client.addEventListener('message', (event: any) => {
          event.preventDefault()
          client.send('from the handler')
          server.send(event.data.toUpperCase())
        })
      }),
    )
    mock.listen()
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`)
    const received: string[] = []
    await new Promise<void>(resolve => {
      socket.onopen = () => socket.send('text')
      socket.onmessage = ({ data }) => received.push(data) === 2 && resolve()
    })
    deepEqual(received, ['from the handler', 'TEXT'])
    equal(socket instanceof trip.WebSocket, false)
    socket.close()
    mock.close()
    equal(globalThis.WebSocket, trip.WebSocket)
  },
}
