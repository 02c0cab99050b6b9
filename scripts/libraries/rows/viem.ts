import { equal } from 'node:assert/strict'
import { startGanache } from '../ethereum.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'viem',
  server: 'ganache',
  reached: 'the global, by isows, which has to be there when it is loaded',
  trip: 'a request, and a subscription to blocks',
  large: true,
  async run(trip) {
    const port = await startGanache(trip)
    const { createPublicClient, webSocket } = await trip.load('viem')
    const transport = webSocket(`ws://127.0.0.1:${port}/`, { reconnect: false, keepAlive: false })
    const client = createPublicClient({ transport })
    equal(await client.getBlockNumber(), 0n)
    let mined = (_block: any): void => {}
    const block = new Promise<any>(resolve => (mined = resolve))
    const onError = (error: Error): void => void mined({ error })
    await client.transport.subscribe({ params: ['newHeads'], onData: mined, onError })
    await client.request({ method: 'evm_mine', params: [] })
    equal((await block).result.number, '0x1')
    const rpc = await client.transport.getRpcClient()
    rpc.close()
  },
}
