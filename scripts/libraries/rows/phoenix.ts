import { deepEqual } from 'node:assert/strict'
import { startPhoenix } from '../phoenix-stub.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'phoenix',
  server: { stub: 'channels: join, push, reply, broadcast' },
  reached: 'the option `transport` of `Socket`, else the global',
  trip: 'join a channel, push with a reply, receive a broadcast, disconnect',
  global: 'either',
  async run(trip) {
    const port = await startPhoenix(trip)
    const { Socket } = await trip.load('phoenix')
    const socket = new Socket(`ws://127.0.0.1:${port}/socket`, { transport: trip.option })
    socket.connect()
    const channel = socket.channel('room:lobby', {})
    const answer = (push: any) => new Promise((ok, error) => push.receive('ok', ok).receive('error', error))
    await answer(channel.join())
    const shouted = new Promise(resolve => channel.on('shout', resolve))
    deepEqual(await answer(channel.push('shout', { text: 'Grüße' })), { text: 'Grüße' })
    deepEqual(await shouted, { text: 'Grüße' })
    await new Promise<void>(resolve => socket.disconnect(resolve))
  },
}
