import { deepEqual } from 'node:assert/strict'
import type { Row } from '../row.ts'
import { json, startStub } from '../server.ts'

export const row: Row = {
  name: 'pusher-js',
  server: { stub: 'the protocol in version 7: established, subscribe, event' },
  reached:
    'the global, by the build `pusher-js/worker`, which needs `self`; its build for Node.js has faye-websocket in it',
  trip: 'connect, subscribe to a channel, receive an event, disconnect',
  large: true,
  async run(trip) {
    const port = await startStub(
      trip,
      (text, peer) => {
        const { event, data } = JSON.parse(text)
        if (event !== 'pusher:subscribe') return
        const { channel } = data
        peer.send(json({ event: 'pusher_internal:subscription_succeeded', channel, data: '{}' }))
        peer.send(json({ event: 'shout', channel, data: json({ text: 'Grüße' }) }))
      },
      {
        onOpen: peer => {
          const data = json({ socket_id: '1.1', activity_timeout: 120 })
          peer.send(json({ event: 'pusher:connection_established', data }))
        },
      },
    )
    Object.assign(globalThis, { self: globalThis })
    const { default: Pusher } = await trip.load('pusher-js/worker/index.js')
    const pusher = new Pusher('key', {
      cluster: '',
      wsHost: '127.0.0.1',
      wsPort: port,
      forceTLS: false,
      enabledTransports: ['ws'],
    })
    const channel = pusher.subscribe('news')
    deepEqual(await new Promise(resolve => channel.bind('shout', resolve)), { text: 'Grüße' })
    pusher.disconnect()
  },
}
