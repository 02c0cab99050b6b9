import { deepEqual, equal } from 'node:assert/strict'
import type { Row } from '../row.ts'
import { json, startStub } from '../server.ts'

export const row: Row = {
  name: '@rails/actioncable',
  server: { stub: 'the protocol actioncable-v1-json: welcome, subscribe, message' },
  reached: '`adapters.WebSocket`, else the global; `document` and two functions of a window have to be there',
  trip: 'subscribe to a channel, perform, receive, disconnect',
  global: false,
  async run(trip) {
    const port = await startStub(
      trip,
      (text, peer) => {
        const { command, identifier, data } = JSON.parse(text)
        if (command === 'subscribe') peer.send(json({ type: 'confirm_subscription', identifier }))
        if (command === 'message') peer.send(json({ identifier, message: JSON.parse(data) }))
      },
      {
        handleProtocols: () => 'actioncable-v1-json',
        onOpen: peer => peer.send(json({ type: 'welcome' })),
      },
    )
    const page = { addEventListener() {}, removeEventListener() {}, visibilityState: 'visible' }
    Object.assign(globalThis, page, { document: page })
    const { adapters, createConsumer } = await trip.load('@rails/actioncable/app/assets/javascripts/actioncable.esm.js')
    adapters.WebSocket = trip.WebSocket
    const consumer = createConsumer(`ws://127.0.0.1:${port}/cable`)
    const message = await new Promise(received => {
      const subscription = consumer.subscriptions.create('Room', {
        connected: () => subscription.perform('shout', { text: 'Grüße' }),
        received,
      })
    })
    deepEqual(message, { action: 'shout', text: 'Grüße' })
    equal(trip.sockets[0]!.protocol, 'actioncable-v1-json')
    consumer.disconnect()
  },
}
