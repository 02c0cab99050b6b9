import { equal } from 'node:assert/strict'
import type { Row } from '../row.ts'
import { startStub } from '../server.ts'

export const row: Row = {
  name: '@xmpp/client',
  server: { stub: 'XMPP over WebSocket (RFC 7395): open, SASL PLAIN, bind, message, close' },
  reached: 'the global',
  trip: 'log in, send a message to oneself, log out',
  large: true,
  async run(trip) {
    let isIn = false
    const port = await startStub(
      trip,
      (text, peer) => {
        const id = /\bid=["']([^"']*)/.exec(text)?.[1]
        const features = isIn
          ? '<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/>'
          : '<mechanisms xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><mechanism>PLAIN</mechanism></mechanisms>'
        if (text.startsWith('<open')) {
          peer.send('<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" from="localhost" id="1" version="1.0"/>')
          peer.send(`<features xmlns="http://etherx.jabber.org/streams">${features}</features>`)
        }
        if (text.startsWith('<auth')) {
          isIn = true
          peer.send('<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>')
        }
        const bound = '<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><jid>ada@localhost/1</jid></bind>'
        if (text.startsWith('<iq')) peer.send(`<iq xmlns="jabber:client" type="result" id="${id}">${bound}</iq>`)
        if (text.startsWith('<message')) peer.send(text.replace('<message', '<message xmlns="jabber:client"'))
        if (text.startsWith('<close')) {
          peer.send('<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>')
          peer.close()
        }
      },
      { handleProtocols: protocols => protocols.has('xmpp') && 'xmpp' },
    )
    const { client, xml } = await trip.load('@xmpp/client')
    const service = `ws://127.0.0.1:${port}/xmpp-websocket`
    const xmpp = client({ service, domain: 'localhost', username: 'ada', password: 'secret' })
    xmpp.reconnect.stop()
    const online = new Promise<any>((resolve, reject) => xmpp.on('online', resolve).on('error', reject))
    xmpp.start().catch(() => {})
    const address = await online
    equal(address.toString(), 'ada@localhost/1')
    const received = new Promise<any>(resolve =>
      xmpp.on('stanza', (stanza: any) => stanza.is('message') && resolve(stanza)),
    )
    await xmpp.send(xml('message', { to: 'ada@localhost' }, xml('body', {}, 'Grüße')))
    equal((await received).getChildText('body'), 'Grüße')
    await xmpp.stop()
  },
}
