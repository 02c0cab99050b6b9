import { checks, checkTls, equal, open, type Target } from '../checks.ts'
import { serveHttp } from '../http.ts'
import { requirePackage } from '../install.ts'
import type { Row } from '../row.ts'

/** A route of Total.js takes either texts or binary messages, and names its subprotocol to every client. */
const at = (target: Target, echo: string): Target => ({ ...target, paths: { ...target.paths, echo } })

/** It gives compressed binary messages the opcode of text. */
const plainBinary = (target: Target): Target => ({ ...at(target, '/binary'), options: { perMessageDeflate: false } })

const LIMIT = 16 * 1024 * 1024

export const row: Row = {
  name: 'Total.js',
  npm: ['total5'],
  async serve(settings) {
    // It makes folders where it runs, and puts its functions into the global object.
    const Total = requirePackage('total5')
    const { ROUTE } = globalThis as any
    const echo = (controller: any): void => {
      controller.on('message', (client: any, message: string | Buffer) => {
        if (message !== 'close') return client.send(message, true)
        for (let index = 0; index < 100; index++) client.send(`last ${index}`, true)
        client.close(4001, 'as you wish')
      })
    }
    ROUTE('SOCKET /echo @text', echo, LIMIT)
    ROUTE('SOCKET /binary @binary', echo, LIMIT)
    ROUTE('SOCKET /subprotocol @text', echo, LIMIT).protocols = ['echo']
    await new Promise<void>(resolve => Total.load('none', resolve))
    Total.TRouting.sort()
    await serveHttp(settings, server => server.on('upgrade', Total.TWebSocket.listen))
  },
  answersClose: false,
  lacks: { fragments: 'it sends none' },
  checks: {
    async text(target) {
      await checks.text(target)
      return 'it answers a Close frame by ending the connection, which is code 1006'
    },
    async binary(target) {
      await checks.binary(plainBinary(target))
      return 'without compression: compressed binary messages have the opcode of text'
    },
    large: target => checks.large(plainBinary(target)),
    subprotocol: target => checks.subprotocol(at(target, '/subprotocol')),
    async compression(target) {
      const session = await open(target, { perMessageDeflate: { threshold: 0 } })
      equal(session.socket.extensions.split(';')[0], 'permessage-deflate')
      for (const text of ['a', 'Grüße '.repeat(20_000), 'Grüße '.repeat(20_000)]) equal(await session.echo(text), text)
      await session.close()
      return 'it does not answer an empty text'
    },
    wss: target => checkTls(target, 'x'.repeat(1 << 20)),
  },
}
