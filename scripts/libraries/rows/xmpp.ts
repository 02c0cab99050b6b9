import { equal } from 'node:assert/strict'
import { prosody } from '../prosody.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: '@xmpp/client',
  server: { started: prosody },
  reached: 'the global',
  trip: 'log in, send a message to oneself, log out',
  large: true,
  async run(trip) {
    const { port } = await trip.start()
    const { client, xml } = await trip.load('@xmpp/client')
    const service = `ws://127.0.0.1:${port}/xmpp-websocket`
    const xmpp = client({ service, domain: 'localhost', username: 'ada', password: 'secret' })
    xmpp.reconnect.stop()
    const online = new Promise<any>((resolve, reject) => xmpp.on('online', resolve).on('error', reject))
    xmpp.start().catch(() => {})
    const address = await online
    equal(String(address.bare()), 'ada@localhost')
    const received = new Promise<any>(resolve =>
      xmpp.on('stanza', (stanza: any) => stanza.is('message') && resolve(stanza)),
    )
    await xmpp.send(xml('message', { to: String(address) }, xml('body', {}, 'Grüße')))
    equal((await received).getChildText('body'), 'Grüße')
    await xmpp.stop()
  },
}
