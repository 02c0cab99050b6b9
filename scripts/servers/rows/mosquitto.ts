import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkWrongName, equal } from '../checks.ts'
import { mqtt } from '../mqtt.ts'
import type { Row } from '../row.ts'

const why = 'it speaks MQTT'

export const row: Row = {
  name: 'Mosquitto (libwebsockets)',
  debian: ['mosquitto'],
  quick: true,
  command({ port, tlsPort, key, cert, folder }) {
    const file = join(folder, 'mosquitto.conf')
    const lines = [
      'allow_anonymous true',
      'user root',
      // With listeners for WebSockets alone this version does not start.
      `listener 0 ${folder}/socket`,
      `listener ${port} 127.0.0.1`,
      'protocol websockets',
      `listener ${tlsPort} 127.0.0.1`,
      'protocol websockets',
      `keyfile ${key}`,
      `certfile ${cert}`,
    ]
    writeFileSync(file, `${lines.join('\n')}\n`)
    return { words: ['/usr/sbin/mosquitto', '-c', file] }
  },
  paths: { echo: '/mqtt' },
  lacks: {
    text: why,
    fragments: 'it sends none',
    compression: 'it does not agree to it',
    close: why,
    refusal: 'it accepts every path',
    redirect: 'it accepts every path',
  },
  checks: {
    async binary(target) {
      const client = await mqtt(target)
      equal(await client.roundTrip(100), 100)
      await client.session.close()
      return 'MQTT: subscribed, published, received'
    },
    async subprotocol(target) {
      const { session } = await mqtt(target)
      equal(session.socket.protocol, 'mqtt')
      await session.close()
      return undefined
    },
    async large(target) {
      const client = await mqtt(target)
      equal(await client.roundTrip(1 << 20), 1 << 20)
      await client.session.close()
      return undefined
    },
    async burst(target) {
      const client = await mqtt(target)
      for (let index = 0; index < 200; index++) client.publish(100)
      await client.session.close()
      return undefined
    },
    async wss(target) {
      const client = await mqtt(target, { tls: { ca: target.authority } }, `wss://localhost:${target.tlsPort}`)
      equal(await client.roundTrip(100), 100)
      await client.session.close()
      return await checkWrongName(target)
    },
    async drop(target) {
      const { session } = await mqtt(target)
      await target.kill()
      const { code, wasClean } = await session.closed
      equal(`${code} ${wasClean}`, '1006 false')
      return undefined
    },
  },
}
