import { equal } from 'node:assert/strict'
import type { Row } from '../row.ts'
import { startHttp } from '../server.ts'

export const row: Row = {
  name: 'jsonrpc-bidirectional',
  server: 'jsonrpc-bidirectional',
  reached: 'an instance, as the argument of `WebSocketTransport`',
  trip: 'a call of the server by the client',
  large: true,
  global: false,
  async run(trip) {
    const { server, port } = await startHttp(trip)
    const { default: JSONRPC } = await trip.load('jsonrpc-bidirectional')
    class Endpoint extends JSONRPC.EndpointBase {
      constructor() {
        super('Test', '/api', {})
      }
      async greet(_request: unknown, name: string): Promise<string> {
        return `Grüße, ${name}`
      }
    }
    const rpc = new JSONRPC.Server()
    rpc.registerEndpoint(new Endpoint())
    const router = new JSONRPC.BidirectionalWebsocketRouter(rpc)
    rpc.addPlugin(new JSONRPC.Plugins.Server.AuthenticationSkip())
    rpc.addPlugin(new JSONRPC.Plugins.Server.AuthorizeAll())
    // The version of ws that this server is written for.
    const { default: ws } = await trip.load('jsonrpc-bidirectional/node_modules/ws/index.js')
    new ws.Server({ server }).on('connection', (peer: unknown, request: unknown) =>
      router.addWebSocketSync(peer, request),
    )

    const socket = new trip.WebSocket(`ws://127.0.0.1:${port}/api`)
    await new Promise(resolve => socket.addEventListener('open', resolve))
    const client = new JSONRPC.Client(`ws://127.0.0.1:${port}/api`)
    client.addPlugin(new JSONRPC.Plugins.Client.WebSocketTransport(socket))
    equal(await client.rpc('greet', ['Ada']), 'Grüße, Ada')
    socket.close()
  },
}
