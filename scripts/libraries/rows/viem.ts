import { deepEqual, equal } from 'node:assert/strict'
import type { Row } from '../row.ts'
import { json, startStub } from '../server.ts'

export const row: Row = {
  name: 'viem',
  server: { stub: 'JSON-RPC of Ethereum: `eth_blockNumber`, `eth_subscribe`' },
  reached: 'the global, by isows, which has to be there when it is loaded',
  trip: 'a request, and a subscription to blocks',
  large: true,
  async run(trip) {
    const port = await startStub(trip, (message, peer) => {
      const { id, method } = JSON.parse(message)
      if (method === 'eth_blockNumber') peer.send(json({ jsonrpc: '2.0', id, result: '0x1b4' }))
      if (method !== 'eth_subscribe') return
      peer.send(json({ jsonrpc: '2.0', id, result: '0x1' }))
      const params = { subscription: '0x1', result: { number: '0x1b5' } }
      peer.send(json({ jsonrpc: '2.0', method: 'eth_subscription', params }))
    })
    const { createPublicClient, webSocket } = await trip.load('viem')
    const transport = webSocket(`ws://127.0.0.1:${port}/`, { reconnect: false, keepAlive: false })
    const client = createPublicClient({ transport })
    equal(await client.getBlockNumber(), 436n)
    const block = await new Promise<any>((onData, onError) => {
      client.transport.subscribe({ params: ['newHeads'], onData, onError })
    })
    deepEqual(block.result.number, '0x1b5')
    const rpc = await client.transport.getRpcClient()
    rpc.close()
  },
}
