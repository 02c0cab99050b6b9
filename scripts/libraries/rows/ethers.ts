import { equal } from 'node:assert/strict'
import { startGanache } from '../ethereum.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'ethers',
  server: 'ganache',
  reached: 'an instance, or a function that makes one, as the argument of `WebSocketProvider`; a URL takes ws',
  trip: 'a request, and a subscription to blocks',
  large: true,
  global: false,
  async run(trip) {
    const port = await startGanache(trip)
    const { WebSocketProvider } = await trip.load('ethers')
    const provider = new WebSocketProvider(() => new trip.WebSocket(`ws://127.0.0.1:${port}/`))
    equal(await provider.getBlockNumber(), 0)
    const mined = new Promise(resolve => provider.once('block', resolve))
    // Its requests leave in their order, so that the subscription is there.
    await provider.send('evm_mine', [])
    equal(await mined, 1)
    await provider.destroy()
  },
}
