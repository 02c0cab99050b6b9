import { equal } from 'node:assert/strict'
import type { Row } from '../row.ts'
import { json, startStub } from '../server.ts'

export const row: Row = {
  name: 'ethers',
  server: { stub: 'JSON-RPC of Ethereum: `eth_chainId`, `eth_blockNumber`, `eth_subscribe`' },
  reached: 'an instance, or a function that makes one, as the argument of `WebSocketProvider`; a URL takes ws',
  trip: 'a request, and a subscription to blocks',
  large: true,
  global: false,
  async run(trip) {
    const port = await startStub(trip, (message, peer) => {
      const requests = [JSON.parse(message)].flat()
      for (const { id, method } of requests) {
        const results: Record<string, string> = { eth_chainId: '0x1', eth_blockNumber: '0x1b4', eth_subscribe: '0x5' }
        peer.send(json({ jsonrpc: '2.0', id, result: results[method] ?? null }))
        const params = { subscription: '0x5', result: { number: '0x1b5' } }
        if (method === 'eth_subscribe') peer.send(json({ jsonrpc: '2.0', method: 'eth_subscription', params }))
      }
    })
    const { WebSocketProvider } = await trip.load('ethers')
    const provider = new WebSocketProvider(() => new trip.WebSocket(`ws://127.0.0.1:${port}/`))
    equal(await provider.getBlockNumber(), 436)
    equal(await new Promise(resolve => provider.once('block', resolve)), 437)
    await provider.destroy()
  },
}
