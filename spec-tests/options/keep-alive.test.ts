import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { ping, type WebSocketOptions } from '#lib/entry/node.js'
import { useCertificates } from '../support/certificates.ts'
import { useLoopback } from '../support/ws-server.ts'

/** Linux tells the timers of its TCP connections in /proc/net/tcp. */
const describeOnLinux = process.platform === 'linux' ? describe : describe.skip

describeOnLinux('Option keepAlive', () => {
  const loopback = useLoopback()
  const made = useCertificates()

  /** Seconds until the system probes our connection to that port; undefined if it does not. */
  async function probeAfter(secure: boolean, options: WebSocketOptions = {}): Promise<number | undefined> {
    const server = await loopback.serve(secure ? { tls: made.certificate } : {})
    const socket = await loopback.open(server.url, { tls: { ca: made.authority.cert }, ...options })
    await ping(socket)
    const port = server.port.toString(16).toUpperCase().padStart(4, '0')
    for (;;) {
      const line = readFileSync('/proc/self/net/tcp', 'utf8')
        .split('\n')
        .map(text => text.trim().split(/\s+/))
        // Established (01): what is left of an earlier connection to a port of this number is in TIME-WAIT, for a minute.
        .find(fields => fields[2]?.endsWith(`:${port}`) && fields[3] === '01')!
      const [kind, hundredths] = line[5]!.split(':') as [string, string]
      // 00: no timer; 02: keep-alive; others belong to the transmission, which is over soon.
      if (kind === '02') return Number.parseInt(hundredths, 16) / 100
      if (kind === '00') return undefined
      await new Promise(resolve => setImmediate(resolve))
    }
  }

  for (const secure of [false, true]) {
    const scheme = secure ? 'wss' : 'ws'

    it(`is 45 s by default: ${scheme}`, async () => {
      expect(await probeAfter(secure)).to.be.within(40, 45)
    })

    it(`is as given, in whole seconds: ${scheme}`, async () => {
      expect(await probeAfter(secure, { keepAlive: 600_000 })).to.be.within(590, 600)
      expect(await probeAfter(secure, { keepAlive: 19_001 })).to.be.within(15, 20)
    })

    it(`is off if it is false: ${scheme}`, async () => {
      expect(await probeAfter(secure, { keepAlive: false })).to.equal(undefined)
    })
  }
})
