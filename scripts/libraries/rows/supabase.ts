import { equal } from 'node:assert/strict'
import { startPhoenix } from '../phoenix-stub.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: '@supabase/realtime-js',
  server: { stub: "channels of Phoenix: join, push, reply, and Supabase's binary broadcast" },
  reached: 'the option `transport` of `RealtimeClient`, else the global',
  trip: 'subscribe to a channel, broadcast, receive it, disconnect',
  large: true,
  global: 'either',
  async run(trip) {
    const port = await startPhoenix(trip)
    const { RealtimeClient } = await trip.load('@supabase/realtime-js')
    const url = `ws://127.0.0.1:${port}/realtime/v1`
    const client = new RealtimeClient(url, { transport: trip.option, params: { apikey: 'any' } })
    const channel = client.channel('room', { config: { broadcast: { self: true } } })
    const received = new Promise<any>(resolve => channel.on('broadcast', { event: 'shout' }, resolve))
    await new Promise<void>((resolve, reject) => {
      channel.subscribe((status: string, error: unknown) => {
        if (status === 'SUBSCRIBED') resolve()
        else reject(error ?? new Error(status))
      })
    })
    await channel.send({ type: 'broadcast', event: 'shout', payload: { text: 'Grüße' } })
    equal((await received).payload.text, 'Grüße')
    client.disconnect()
  },
}
