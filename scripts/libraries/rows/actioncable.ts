import { deepEqual, equal } from 'node:assert/strict'
import { row as server } from '../../servers/rows/action-cable.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: '@rails/actioncable',
  server: { started: server },
  // As a page has it: Action Cable wants one.
  defaults: { origin: 'https://page.test' },
  reached: '`adapters.WebSocket`, else the global; `document` and two functions of a window have to be there',
  trip: 'subscribe to a channel, perform, receive, disconnect',
  large: true,
  global: 'either',
  async run(trip) {
    const { port } = await trip.start()
    const page = { addEventListener() {}, removeEventListener() {}, visibilityState: 'visible' }
    Object.assign(globalThis, page, { document: page })
    const { adapters, createConsumer } = await trip.load('@rails/actioncable/app/assets/javascripts/actioncable.esm.js')
    if (trip.option !== undefined) adapters.WebSocket = trip.option
    const consumer = createConsumer(`ws://127.0.0.1:${port}/echo`)
    const message = await new Promise(received => {
      const subscription = consumer.subscriptions.create('Room', {
        connected: () => subscription.perform('shout', { text: 'Grüße' }),
        received,
      })
    })
    deepEqual(message, { text: 'Grüße' })
    equal(trip.sockets[0]!.protocol, 'actioncable-v1-json')
    consumer.disconnect()
  },
}
