import { equal } from 'node:assert/strict'
import type { Row } from '../row.ts'
import { json, startStub } from '../server.ts'

export const row: Row = {
  name: 'nats.ws',
  server: { stub: 'the client protocol: INFO, CONNECT, PING, SUB, PUB' },
  reached: 'the global; or a socket from the option `wsFactory`',
  trip: 'subscribe, publish, receive binary, drain',
  large: true,
  async run(trip) {
    const port = await startStub(
      trip,
      (text, peer) => {
        const send = (line: string): void => peer.send(Buffer.from(line))
        for (const match of text.matchAll(/^(PING|SUB|PUB) ?(.*)\r\n(?:(?<=PUB .*\r\n)(.*)\r\n)?/gm)) {
          const [, operation, rest, payload] = match
          const words = rest!.split(' ')
          if (operation === 'PING') send('PONG\r\n')
          if (operation === 'PUB') send(`MSG ${words[0]} 1 ${words.at(-1)}\r\n${payload}\r\n`)
        }
      },
      {
        onOpen: peer => {
          const info = { server_id: 'stub', version: '2.10.0', proto: 1, max_payload: 1_000_000, headers: true }
          peer.send(Buffer.from(`INFO ${json(info)}\r\n`))
        },
      },
    )
    const { connect, StringCodec } = await trip.load('nats.ws')
    const connection = await connect({ servers: `ws://127.0.0.1:${port}` })
    const codec = StringCodec()
    const received = new Promise<any>((resolve, reject) => {
      connection.subscribe('news', {
        callback: (error: unknown, message: any) => (error ? reject(error) : resolve(message)),
      })
    })
    connection.publish('news', codec.encode('Grüße'))
    equal(codec.decode((await received).data), 'Grüße')
    await connection.drain()
  },
}
