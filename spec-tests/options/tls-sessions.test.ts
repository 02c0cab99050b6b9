import { type AddressInfo, connect, createServer } from 'node:net'
import tls, { createSecureContext, TLSSocket } from 'node:tls'
import { expect } from 'chai'
import { failure, ping, type WebSocketOptions } from '#lib/entry/node.js'
import { makeCertificate, useCertificates } from '../support/certificates.ts'
import { withProperty } from '../support/expect.ts'
import { makePfx } from '../support/pfx.ts'
import { next, type TestServer, useLoopback } from '../support/ws-server.ts'

type Tls = NonNullable<WebSocketOptions['tls']>

describe('TLS sessions', () => {
  const loopback = useLoopback()
  const made = useCertificates()

  /** Opens and closes a connection. Returns whether it resumed a session. */
  async function resumes(server: TestServer, options: Tls, host = 'localhost'): Promise<boolean> {
    const socket = await loopback.open(`wss://${host}:${server.port}/`, { tls: options })
    await ping(socket)
    const reused = ((await server.accept()).request.socket as TLSSocket).isSessionReused()
    socket.close()
    await next(socket, 'close')
    return reused
  }

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`are resumed on the way to the same host with equal options: ${version}`, async () => {
      const server = await loopback.serve({ tls: { ...made.certificate, minVersion: version, maxVersion: version } })
      const reused: boolean[] = []
      for (let count = 0; count < 6; count++)
        reused.push(await resumes(server, { ca: Buffer.from(made.authority.cert) }))
      expect(reused).to.deep.equal([false, true, true, true, true, true])
    })

    it(`are not resumed with any other option: ${version}`, async () => {
      const server = await loopback.serve({ tls: { ...made.certificate, minVersion: version, maxVersion: version } })
      const ca = made.authority.cert
      const others: Tls[] = [
        { ca: [ca] },
        { ca: `${ca}\n` },
        { ca, servername: 'localhost' },
        { ca, rejectUnauthorized: true },
        { ca, rejectUnauthorized: false },
        { ca, cert: made.certificate.cert, key: made.certificate.key },
        { ca, maxVersion: version },
        { ca, ciphers: 'DEFAULT' },
        { ca, checkServerIdentity: () => undefined },
        { ca, checkServerIdentity: () => undefined },
        { secureContext: createSecureContext({ ca }) },
        { secureContext: createSecureContext({ ca }) },
      ]
      await resumes(server, { ca })
      for (const options of others) expect(await resumes(server, options), JSON.stringify(options)).to.equal(false)
      expect(await resumes(server, { ca })).to.equal(true)
    })
  }

  it('are not resumed on the way to another name or port', async () => {
    const [server, other] = [
      await loopback.serve({ tls: made.certificate }),
      await loopback.serve({ tls: made.certificate }),
    ]
    const options = { ca: made.authority.cert }
    await resumes(server, options)
    expect(await resumes(server, options, '127.0.0.1')).to.equal(false)
    expect(await resumes(server, options, 'localhost.')).to.equal(false)
    expect(await resumes(other, options)).to.equal(false)
    expect(await resumes(server, options)).to.equal(true)
  })

  it('are not resumed where functions decide: these are asked each time', async () => {
    const server = await loopback.serve({ tls: made.certificate })
    let asked = 0
    const checkServerIdentity = (): undefined => void asked++
    for (let count = 1; count <= 3; count++) {
      expect(await resumes(server, { ca: made.authority.cert, checkServerIdentity })).to.equal(false)
      expect(asked).to.equal(count)
    }
  })

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`are not resumed with a client certificate: some servers refuse the sessions that they gave for one (${version})`, async () => {
      const { authority, certificate, tls: trusting } = made
      // OpenSSL does so if a server that asks for certificates has no session id context. That of Node.js has one by default.
      const versions = { minVersion: version, maxVersion: version }
      const secureContext = createSecureContext({ ...certificate, ...versions, ca: authority.cert })
      const plain = await loopback.serve()
      const server = createServer(socket => {
        loopback.afterwards(() => socket.destroy())
        const own = { isServer: true, requestCert: true, rejectUnauthorized: true, secureContext }
        const secure = new TLSSocket(socket, own)
        secure.on('error', () => {})
        const below = connect(plain.port, '127.0.0.1')
        secure.pipe(below).pipe(secure)
      })
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
      loopback.afterwards(() => server.close())
      const url = `wss://localhost:${(server.address() as AddressInfo).port}/`
      const client = await makeCertificate({ authority, names: ['client'] })
      for (const given of [client, { pfx: makePfx(client, 'secret'), passphrase: 'secret' }]) {
        for (let count = 0; count < 3; count++) {
          const socket = await loopback.open(url, { tls: { ...trusting, ...given } })
          await ping(socket)
          socket.close()
          await next(socket, 'close')
        }
      }
    })
  }

  it('are not kept of a server that was not trusted', async () => {
    const server = await loopback.serve({
      tls: await makeCertificate({ authority: made.authority, names: ['other.test'], addresses: [] }),
    })
    for (let count = 0; count < 3; count++) {
      expect(await resumes(server, { ca: made.authority.cert, rejectUnauthorized: false })).to.equal(false)
    }
  })

  it('are not resumed once the defaults of the process have changed', async () => {
    const server = await loopback.serve({ tls: made.certificate })
    const options = { ca: made.authority.cert }
    await resumes(server, options)
    await withProperty(tls, 'DEFAULT_CIPHERS', `${tls.DEFAULT_CIPHERS}:!SRP`, async () => {
      expect(await resumes(server, options)).to.equal(false)
      expect(await resumes(server, options)).to.equal(true)
    })
  })

  it('are not resumed once the process checks names in another way: a certificate for another name was taken before', async () => {
    const server = await loopback.serve({
      tls: await makeCertificate({ authority: made.authority, names: ['other.test'], addresses: [] }),
    })
    const options = { ca: made.authority.cert }
    await withProperty(
      tls,
      'checkServerIdentity',
      () => undefined,
      async () => {
        await resumes(server, options)
        expect(await resumes(server, options)).to.equal(true)
      },
    )
    const socket = loopback.socket(`wss://localhost:${server.port}/`, { tls: options })
    await next(socket, 'close')
    expect(failure(socket)!.cause).to.have.property('code', 'ERR_TLS_CERT_ALTNAME_INVALID')
  })
})
