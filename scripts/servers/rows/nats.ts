import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { WebSocketOptions } from '#lib/entry/node.js'
import { bytes, checkWrongName, equal, type Target } from '../checks.ts'
import { nats } from '../nats.ts'
import type { Row } from '../row.ts'

const BURST = 200

async function roundTrip(target: Target, size: number, options?: WebSocketOptions, origin?: string): Promise<string> {
  const { session, publish, next } = await nats(target, options, origin)
  publish(bytes(size))
  equal(Buffer.compare(await next(), bytes(size)), 0)
  const { extensions } = session.socket
  await session.close()
  return extensions
}

export const row: Row = {
  name: 'NATS',
  debian: ['nats-server'],
  command({ port, tlsPort, key, cert, folder }) {
    // A server has one listener of WebSockets.
    const configure = (name: string, port: number, tls: string): string => {
      const file = join(folder, name)
      const websocket = `websocket { host: 127.0.0.1, port: ${port}, compression: true, ${tls} }`
      writeFileSync(file, `host: 127.0.0.1\nport: -1\nmax_payload: 4MB\n${websocket}\n`)
      return `/usr/sbin/nats-server -c '${file}'`
    }
    const plain = configure('plain.conf', port, 'no_tls: true')
    const tls = configure('tls.conf', tlsPort, `tls { cert_file: "${cert}", key_file: "${key}" }`)
    return { words: ['/bin/sh', '-c', `${plain} & ${tls} & wait`] }
  },
  paths: { echo: '/' },
  lacks: {
    text: 'its messages are binary',
    subprotocol: 'it chooses none',
    refusal: 'it accepts every path',
    redirect: 'it accepts every path',
  },
  checks: {
    async binary(target) {
      for (const size of [1, 126, 70_000]) await roundTrip(target, size)
      return 'NATS: subscribed, published, received'
    },
    async large(target) {
      await roundTrip(target, 1 << 20)
      return undefined
    },
    async fragments(target) {
      // It has frames of 4096 bytes for browsers, and no such limit for others.
      await roundTrip(target, 70_000, { headers: { 'User-Agent': 'Mozilla/5.0' }, perMessageDeflate: false })
      return undefined
    },
    async compression(target) {
      const extensions = await roundTrip(target, 1 << 20, { perMessageDeflate: { threshold: 0 } })
      equal(extensions.split(';')[0], 'permessage-deflate')
      equal(await roundTrip(target, 100, { perMessageDeflate: false }), '')
      return undefined
    },
    async burst(target) {
      const { session, publish, next } = await nats(target)
      for (let index = 0; index < BURST; index++) publish(bytes(index))
      for (let index = 0; index < BURST; index++) equal((await next()).length, index)
      for (let index = 0; index < BURST; index++) publish(bytes(index))
      await session.close()
      return undefined
    },
    async close(target) {
      const { session } = await nats(target)
      session.socket.send(Buffer.from('WHAT\r\n'))
      const { code, reason, wasClean } = await session.closed
      equal(wasClean, true)
      return `with ${code} "${reason}" for an operation that does not exist`
    },
    async wss(target) {
      const secure = { tls: { ca: target.authority } }
      await roundTrip(target, 1 << 20, secure, `wss://localhost:${target.tlsPort}`)
      return await checkWrongName(target)
    },
  },
}
