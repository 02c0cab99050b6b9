import { constants } from 'node:crypto'
import { createServer, type Socket } from 'node:net'
import defaults, { createSecureContext, type PeerCertificate, type TLSSocket } from 'node:tls'
import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import { drained, failure, ping, WebSocket, type WebSocketOptions } from '#lib/entry/node.js'
import { ExplainedError } from '#lib/transport/connect.js'
import { TLS_MEMBERS, type TlsOptions } from '#lib/transport/tls-options.js'
import { type Certificate, makeAuthority, makeCertificate, useCertificates } from '../support/certificates.ts'
import { withProperty } from '../support/expect.ts'
import { makePfx } from '../support/pfx.ts'
import { startHttpProxy } from '../support/proxy-servers.ts'
import { BINARY, CLOSE, closeBody, frame, TEXT } from '../support/raw-server.ts'
import { next, type Peer, record, useLoopback } from '../support/ws-server.ts'

describe('TLS', () => {
  const loopback = useLoopback()
  const made = useCertificates()

  const tlsOf = (peer: Peer): TLSSocket => peer.request.socket as TLSSocket

  async function expectOpen(url: string, options: WebSocketOptions): Promise<WebSocket> {
    const socket = await loopback.open(url, options)
    await ping(socket)
    return socket
  }

  /** What the connection fails with, on its way to the server. */
  async function failureOf(url: string, options: WebSocketOptions = {}) {
    const socket = loopback.socket(url, options)
    const events = record(socket)
    await next(socket, 'close')
    expect(events).to.deep.equal(['error', 'close 1006 unclean'])
    const error = failure(socket)!
    return { code: error.code, message: error.message, cause: error.cause as { code?: string } | undefined }
  }

  async function expectCause(
    url: string,
    cause: string | RegExp,
    options: WebSocketOptions = {},
    code = /^WS_ERR_TLS$/,
  ): Promise<void> {
    const error = await failureOf(url, options)
    expect(error.code).to.match(code)
    expect(error.cause?.code).to.match(typeof cause === 'string' ? new RegExp(`^${cause}$`) : cause)
    expect(error.message).to.contain(new URL(url).host)
  }

  /** Expects a failure of the connection, not of TLS, that names the option. */
  async function expectUnusable(tls: TlsOptions): Promise<void> {
    const server = await loopback.serve({ tls: made.certificate })
    const { port, close } = await startHttpProxy()
    loopback.afterwards(close)
    for (const proxy of [false, `http://127.0.0.1:${port}`] as const) {
      for (const http2 of [false, 'auto', 'only'] as const) {
        const socket = loopback.socket(server.url, { tls: { ca: made.authority.cert, ...tls }, proxy, http2 })
        await next(socket, 'close')
        const { code, step, message, cause } = failure(socket)!
        expect([code, step]).to.deep.equal(['WS_ERR_CONNECT', 'connect'])
        expect(message).to.contain(`A member of the option "tls" cannot be used: `)
        expect(cause).to.be.an.instanceof(Error).and.not.an.instanceof(ExplainedError)
      }
    }
  }

  describe('trust', () => {
    it('is in the authorities of the option ca', async () => {
      const server = await loopback.serve({ tls: made.certificate })
      const { cert } = made.authority
      for (const ca of [
        cert,
        Buffer.from(cert),
        new Uint8Array(Buffer.from(cert)),
        [cert],
        [made.certificate.cert, cert],
      ]) {
        const socket = await expectOpen(server.url, { tls: { ca } })
        const peer = await server.accept()
        peer.socket.send('text')
        const { data, origin } = await next(socket, 'message')
        expect(data).to.equal('text')
        expect(origin).to.equal(`wss://127.0.0.1:${server.port}`)
      }
    })

    it('is not in an authority that nobody named', async () => {
      const server = await loopback.serve({ tls: made.certificate })
      await expectCause(server.url, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE')
      await expectCause(server.url, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', {
        tls: { ca: (await makeAuthority('Other')).cert },
      })
    })

    it('is not in a self-signed certificate, but where it is named itself', async () => {
      const selfSigned = await makeCertificate()
      const server = await loopback.serve({ tls: selfSigned })
      await expectCause(server.url, 'DEPTH_ZERO_SELF_SIGNED_CERT')
      await expectOpen(server.url, { tls: { ca: selfSigned.cert } })
    })

    it('is not in a certificate whose time is over', async () => {
      const server = await loopback.serve({ tls: await makeCertificate({ authority: made.authority, expired: true }) })
      await expectCause(server.url, 'CERT_HAS_EXPIRED', { tls: { ca: made.authority.cert } })
    })

    it('is not in a certificate for another name or address', async () => {
      const server = await loopback.serve({
        tls: await makeCertificate({ authority: made.authority, addresses: [], names: ['other.test'] }),
      })
      const tls = { ca: made.authority.cert }
      await expectCause(server.url, 'ERR_TLS_CERT_ALTNAME_INVALID', { tls })
      await expectCause(`wss://localhost:${server.port}/`, 'ERR_TLS_CERT_ALTNAME_INVALID', { tls })
      const named = await loopback.serve({ tls: await makeCertificate({ authority: made.authority, addresses: [] }) })
      await expectCause(named.url, 'ERR_TLS_CERT_ALTNAME_INVALID', { tls })
      await expectOpen(`wss://localhost:${named.port}/`, { tls })
    })

    it('is not what a polluted Object.prototype says', async () => {
      const selfSigned = await makeCertificate({ names: ['other.test'], addresses: [] })
      const server = await loopback.serve({ tls: selfSigned })
      const polluted: Record<string, unknown> = {
        ca: selfSigned.cert,
        rejectUnauthorized: false,
        checkServerIdentity: () => undefined,
        secureContext: createSecureContext({ ca: selfSigned.cert }),
        servername: 'other.test',
        host: 'other.test',
        path: '/nowhere.sock',
        tls: { rejectUnauthorized: false },
      }
      for (const [name, value] of Object.entries(polluted)) {
        await withProperty(Object.prototype, name, value, async () => {
          await expectCause(server.url, 'DEPTH_ZERO_SELF_SIGNED_CERT')
          const tls = { ca: selfSigned.cert }
          await expectCause(server.url, 'ERR_TLS_CERT_ALTNAME_INVALID', { tls })
        })
      }
    })

    it('is in anything if rejectUnauthorized is false, and in nothing else if it is true', async () => {
      const bad = [
        await makeCertificate(),
        await makeCertificate({ authority: made.authority, expired: true }),
        await makeCertificate({ authority: made.authority, addresses: [], names: ['other.test'] }),
      ]
      for (const certificate of bad) {
        const server = await loopback.serve({ tls: certificate })
        await expectOpen(server.url, { tls: { rejectUnauthorized: false } })
        await expectCause(server.url, /./, { tls: { rejectUnauthorized: true } })
      }
    })
  })

  describe('server name', () => {
    it('is that of the URL', async () => {
      const server = await loopback.serve({ tls: made.certificate })
      await expectOpen(`wss://localhost:${server.port}/`, { tls: { ca: made.authority.cert } })
      expect((tlsOf(await server.accept()) as { servername?: unknown }).servername).to.equal('localhost')
    })

    it('is not sent for an address', async () => {
      const server = await loopback.serve({ tls: made.certificate })
      await expectOpen(server.url, { tls: { ca: made.authority.cert } })
      expect((tlsOf(await server.accept()) as { servername?: unknown }).servername).to.equal(false)
    })

    it('is that of the option, which the certificate has to be for', async () => {
      const certificate = await makeCertificate({
        authority: made.authority,
        addresses: [],
        names: ['other.test', '*.wild.test'],
      })
      const server = await loopback.serve({ tls: certificate })
      for (const servername of ['other.test', 'a.wild.test']) {
        for (const url of [server.url, `wss://localhost:${server.port}/`]) {
          await expectOpen(url, { tls: { ca: made.authority.cert, servername } })
          const peer = await server.accept()
          expect((tlsOf(peer) as { servername?: unknown }).servername).to.equal(servername)
          expect(peer.request.headers.host).to.equal(new URL(url).host)
        }
      }
      const tls = { ca: made.authority.cert, servername: 'third.test' }
      await expectCause(server.url, 'ERR_TLS_CERT_ALTNAME_INVALID', { tls })
    })

    it('has no trailing dot, be it of the URL or of the option', async () => {
      const server = await loopback.serve({ tls: made.certificate })
      for (const [url, servername] of [
        [`wss://localhost.:${server.port}/`, undefined],
        [`wss://localhost:${server.port}/`, 'localhost.'],
      ] as const) {
        await expectOpen(url, { tls: { ca: made.authority.cert, ...(servername && { servername }) } })
        const peer = await server.accept()
        expect((tlsOf(peer) as { servername?: unknown }).servername).to.equal('localhost')
        expect(peer.request.headers.host).to.equal(new URL(url).host)
      }
    })

    it('is sent and checked as URLs have it where it is in Unicode', async () => {
      const names = ['xn--bcher-kva.test']
      const server = await loopback.serve({ tls: await makeCertificate({ authority: made.authority, names }) })
      for (const servername of ['BÜCHER.test', 'bücher。test.']) {
        await expectOpen(server.url, { tls: { ca: made.authority.cert, servername } })
        expect((tlsOf(await server.accept()) as { servername?: unknown }).servername).to.equal(names[0])
      }
    })

    it('is not sent if it is empty or an address, and the certificate is still checked', async () => {
      const server = await loopback.serve({
        tls: await makeCertificate({ authority: made.authority, addresses: ['127.0.0.1'] }),
      })
      for (const [host, servername] of [
        ['localhost', ''],
        ['localhost', '127.0.0.1'],
        ['127.0.0.1', ''],
      ] as const) {
        await expectOpen(`wss://${host}:${server.port}/`, { tls: { ca: made.authority.cert, servername } })
        expect((tlsOf(await server.accept()) as { servername?: unknown }).servername).to.equal(false)
      }
      const tls = { ca: made.authority.cert, servername: '127.0.0.2' }
      await expectCause(`wss://localhost:${server.port}/`, 'ERR_TLS_CERT_ALTNAME_INVALID', { tls })
    })

    for (const host of ['localhost', '127.0.0.1', '::1']) {
      const urlHost = host === '::1' ? '[::1]' : host
      it(`is what the certificate has to be for: ${host}`, async () => {
        const names = (name: string) =>
          name.includes('t') ? { names: [name], addresses: [] } : { names: [], addresses: [name] }
        for (const other of ['localhost', '127.0.0.1', '::1', '127.0.0.2', 'other.test']) {
          const certificate = await makeCertificate({ authority: made.authority, ...names(other) })
          const server = await loopback.serve({ tls: certificate, host: host === '::1' ? host : '127.0.0.1' })
          const url = `wss://${urlHost}:${server.port}/`
          const tls = { ca: made.authority.cert }
          if (host === other) await expectOpen(url, { tls })
          else await expectCause(url, 'ERR_TLS_CERT_ALTNAME_INVALID', { tls })
          if (other === 'other.test') await expectOpen(url, { tls: { ...tls, servername: other } })
        }
      })
    }
  })

  describe('a member that is undefined', () => {
    it('is absent', async () => {
      const server = await loopback.serve({ tls: made.certificate })
      const tls: Record<string, unknown> = { ca: made.authority.cert }
      for (const name of Object.keys(TLS_MEMBERS)) if (name !== 'ca') tls[name] = undefined
      await expectOpen(`wss://localhost:${server.port}/`, { tls })
      const socket = tlsOf(await server.accept())
      expect((socket as { servername?: unknown }).servername).to.equal('localhost')
      await expectCause(server.url, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', {
        tls: { ...tls, ca: undefined } as unknown as TlsOptions,
      })
    })
  })

  describe('checkServerIdentity', () => {
    it('is asked each time, with the name and the certificate, in place of the check of Node.js', async () => {
      const certificate = await makeCertificate({ authority: made.authority, addresses: [], names: ['other.test'] })
      const server = await loopback.serve({ tls: certificate })
      const asked: unknown[] = []
      const checkServerIdentity = (name: string, { subject }: PeerCertificate): undefined => {
        asked.push(name, subject.CN)
      }
      const tls = { ca: made.authority.cert, checkServerIdentity }
      await expectOpen(server.url, { tls })
      await expectOpen(`wss://localhost.:${server.port}/`, { tls })
      await expectOpen(`wss://localhost:${server.port}/`, { tls: { ...tls, servername: 'third.test' } })
      expect(asked).to.deep.equal(['127.0.0.1', 'other.test', 'localhost', 'other.test', 'third.test', 'other.test'])
      await expectCause(server.url, /^UNABLE_TO_VERIFY_LEAF_SIGNATURE$/, { tls: { checkServerIdentity } })
      expect(asked).to.have.lengthOf(6)
    })

    it('refuses by an Error that it returns or throws, and may not return a promise', async () => {
      const server = await loopback.serve({ tls: made.certificate })
      const error = new Error('The pin is another')
      const answers: [() => unknown, unknown][] = [
        [() => error, error],
        [
          () => {
            throw error
          },
          error,
        ],
      ]
      for (const [checkServerIdentity, cause] of answers) {
        const tls = { ca: made.authority.cert, checkServerIdentity } as TlsOptions
        const failed = await failureOf(server.url, { tls })
        expect([failed.code, failed.cause]).to.deep.equal(['WS_ERR_TLS', cause])
      }
      const tls = { ca: made.authority.cert, checkServerIdentity: async () => undefined } as unknown as TlsOptions
      expect((await failureOf(server.url, { tls })).message).to.contain('checkServerIdentity')
    })
  })

  describe('secure context', () => {
    it('is taken as it is, and excludes what it is made from', async () => {
      const server = await loopback.serve({ tls: made.certificate })
      const other = createSecureContext({ ca: (await makeAuthority('Other')).cert })
      await expectOpen(server.url, { tls: { secureContext: createSecureContext({ ca: made.authority.cert }) } })
      // They look alike, and are told by their identity.
      await expectCause(server.url, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', { tls: { secureContext: other } })
      const tls = { secureContext: other, ca: made.authority.cert }
      expect(() => new WebSocket(server.url, { tls })).to.throw(TypeError, '"tls.ca" has no effect beside')
    })
  })

  describe('data of another realm', () => {
    it('is taken: bytes, lists, and objects with a passphrase', async () => {
      const passphrase = 'open sesame'
      const server = await loopback.serve({ tls: { ...made.certificate, ca: made.authority.cert, requestCert: true } })
      const { cert, key } = await makeCertificate({ authority: made.authority, names: ['client.test'], passphrase })
      const tls = runInNewContext(
        `({ ca: [Uint8Array.from(ca)], cert: Uint8Array.from(cert), key: [{ pem: Uint8Array.from(key), passphrase }] })`,
        { ca: Buffer.from(made.authority.cert), cert: Buffer.from(cert), key: Buffer.from(key), passphrase },
      )
      await expectOpen(server.url, { tls })
      expect(tlsOf(await server.accept()).getPeerCertificate().subject.CN).to.equal('client.test')
      const pfx = [
        {
          buf: makePfx(await makeCertificate({ authority: made.authority, names: ['file.test'] }), passphrase),
          passphrase,
        },
      ]
      await expectOpen(server.url, { tls: { ca: made.authority.cert, pfx } })
      expect(tlsOf(await server.accept()).getPeerCertificate().subject.CN).to.equal('file.test')
    })

    it('is copied: what is changed later has no effect', async () => {
      const server = await loopback.serve({ tls: made.certificate })
      const ca = Buffer.from(made.authority.cert)
      const list = [ca]
      const socket = loopback.socket(server.url, { tls: { ca: list } })
      ca.fill(0)
      list.length = 0
      await next(socket, 'open')
    })
  })

  describe('defaults of the process', () => {
    it('count for the next connection', async () => {
      const server = await loopback.serve({ tls: { ...made.certificate, minVersion: 'TLSv1.3' } })
      const tls = { ca: made.authority.cert }
      await expectOpen(server.url, { tls })
      await withProperty(defaults, 'DEFAULT_MAX_VERSION', 'TLSv1.2', () =>
        expectCause(server.url, /^ERR_SSL_|^EPROTO$/, { tls }),
      )
      await expectOpen(server.url, { tls })
    })

    it('are the authorities, by whatever means they change', async () => {
      const server = await loopback.serve({ tls: made.certificate })
      await expectCause(server.url, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE')
      // tls.setDefaultCACertificates, which Node.js 20 lacks, changes what a new context has; so does a program that wraps this.
      const { createSecureContext: create } = defaults
      const wrapped: typeof create = options => create({ ...options, ca: made.authority.cert })
      await withProperty(defaults, 'createSecureContext', wrapped, async () => {
        await expectOpen(server.url, {})
        await expectOpen(server.url, {})
      })
      await expectCause(server.url, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE')
    })
  })

  describe('client certificate', () => {
    it('is shown to a server that asks', async () => {
      const own = await makeCertificate({ authority: made.authority, names: ['client.test'] })
      const tls = { ...made.certificate, ca: made.authority.cert, requestCert: true, rejectUnauthorized: true }
      const server = await loopback.serve({ tls })
      const { cert, key } = own
      for (const options of [
        { cert, key },
        { cert: Buffer.from(cert), key: Buffer.from(key) },
        { cert: [cert], key: [key] },
      ]) {
        await expectOpen(server.url, { tls: { ca: made.authority.cert, ...options } })
        expect(tlsOf(await server.accept()).getPeerCertificate().subject.CN).to.equal('client.test')
      }
      const without = await failureOf(server.url, { tls: { ca: made.authority.cert } })
      expect(without.code).to.match(/^WS_ERR_(CONNECT|CONNECTION_LOST)$/)
      expect(without.cause).to.be.an.instanceof(Error)
    })

    it('has its key decrypted by the passphrase', async () => {
      const passphrase = 'open sesame'
      const { cert, key } = await makeCertificate({ authority: made.authority, names: ['client.test'], passphrase })
      expect(key).to.contain('ENCRYPTED')
      const server = await loopback.serve({ tls: { ...made.certificate, ca: made.authority.cert, requestCert: true } })
      await expectOpen(server.url, { tls: { ca: made.authority.cert, cert, key, passphrase } })
      expect(tlsOf(await server.accept()).getPeerCertificate().subject.CN).to.equal('client.test')
      await expectUnusable({ cert, key, passphrase: 'wrong' })
      await expectUnusable({ cert, key })
    })
  })

  describe('a file of PKCS #12', () => {
    it('has a certificate and its key, and is opened by the passphrase', async () => {
      const passphrase = 'open sesame'
      const pfx = makePfx(await makeCertificate({ authority: made.authority, names: ['client.test'] }), passphrase)
      const server = await loopback.serve({ tls: { ...made.certificate, ca: made.authority.cert, requestCert: true } })
      for (const file of [pfx, new Uint8Array(pfx)]) {
        await expectOpen(server.url, { tls: { ca: made.authority.cert, pfx: file, passphrase } })
        expect(tlsOf(await server.accept()).getPeerCertificate().subject.CN).to.equal('client.test')
      }
      await expectUnusable({ pfx, passphrase: 'wrong' })
    })
  })

  describe('a member that cannot be used', () => {
    it('fails the connection before TLS has begun, directly and behind a proxy', async () => {
      const { cert, key } = await makeCertificate({ authority: made.authority })
      await expectUnusable({ cert, key: 'no key' })
      await expectUnusable({ cert, key: made.certificate.key })
      await expectUnusable({ cert: 'no certificate', key })
      await expectUnusable({ pfx: Buffer.from('no file') })
      await expectUnusable({ ciphers: 'no-cipher' })
      await expectUnusable({ ecdhCurve: 'no-curve' })
      await expectUnusable({ crl: 'no list' })
    })
  })

  describe('version', () => {
    it('is limited by minVersion and maxVersion', async () => {
      const old = await loopback.serve({ tls: { ...made.certificate, maxVersion: 'TLSv1.2' } })
      const current = await loopback.serve({ tls: { ...made.certificate, minVersion: 'TLSv1.3' } })
      const ca = made.authority.cert
      await expectOpen(old.url, { tls: { ca } })
      expect(tlsOf(await old.accept()).getProtocol()).to.equal('TLSv1.2')
      await expectOpen(current.url, { tls: { ca, minVersion: 'TLSv1.3' } })
      expect(tlsOf(await current.accept()).getProtocol()).to.equal('TLSv1.3')
      await expectCause(old.url, /^ERR_SSL_|^EPROTO$/, { tls: { ca, minVersion: 'TLSv1.3' } })
      await expectCause(current.url, /^ERR_SSL_|^EPROTO$/, { tls: { ca, maxVersion: 'TLSv1.2' } })
    })

    it('comes with the ciphers of the option', async () => {
      const ciphers = 'ECDHE-ECDSA-AES128-GCM-SHA256'
      const server = await loopback.serve({ tls: { ...made.certificate, maxVersion: 'TLSv1.2', ciphers } })
      const ca = made.authority.cert
      await expectOpen(server.url, { tls: { ca, ciphers } })
      expect(tlsOf(await server.accept()).getCipher().name).to.equal(ciphers)
      const others = { ca, ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' }
      await expectCause(server.url, /^ERR_SSL_|^EPROTO$/, { tls: others })
    })

    it('of HTTP is 1.1: that is what is offered', async () => {
      const server = await loopback.serve({ tls: { ...made.certificate, ALPNProtocols: ['h2', 'http/1.1'] } })
      await expectOpen(server.url, { tls: { ca: made.authority.cert } })
      expect(tlsOf(await server.accept()).alpnProtocol).to.equal('http/1.1')
    })

    it('is offered, or not, as ALPNProtocols says', async () => {
      const server = await loopback.serve({ tls: { ...made.certificate, ALPNProtocols: ['h2', 'http/1.1'] } })
      for (const [ALPNProtocols, agreed] of [
        [['http/1.1'], 'http/1.1'],
        [Buffer.from('\x08http/1.1'), 'http/1.1'],
        [[], false],
      ] as const) {
        await expectOpen(server.url, { tls: { ca: made.authority.cert, ALPNProtocols } })
        expect(tlsOf(await server.accept()).alpnProtocol).to.equal(agreed)
      }
    })

    it('comes with the curves, signature algorithms and options of OpenSSL that are given', async () => {
      const ca = made.authority.cert
      const server = await loopback.serve({ tls: { ...made.certificate, ecdhCurve: 'P-521' } })
      await expectOpen(server.url, { tls: { ca, ecdhCurve: 'P-521' } })
      const current = await loopback.serve({ tls: { ...made.certificate, minVersion: 'TLSv1.3' } })
      const { SSL_OP_NO_TLSv1_3 } = constants
      for (const [url, options] of [
        [server.url, { ecdhCurve: 'P-256' }],
        [server.url, { sigalgs: 'ed25519' }],
        [current.url, { secureOptions: SSL_OP_NO_TLSv1_3 }],
        [current.url, { secureProtocol: 'TLSv1_2_method' }],
      ] as const) {
        await expectCause(url, /^ERR_SSL_|^EPROTO$/, { tls: { ca, ...options } })
      }
    })
  })

  describe('connection', () => {
    it('carries large messages both ways, and closes cleanly', async () => {
      const server = await loopback.serve({ tls: made.certificate })
      const socket = await loopback.open(server.url, { tls: { ca: made.authority.cert } })
      const peer = await server.accept()
      const large = Buffer.alloc(3_000_000, 'large')
      socket.binaryType = 'arraybuffer'
      socket.send(large)
      expect((await peer.message()).data.equals(large)).to.equal(true)
      await drained(socket)
      peer.socket.send(large)
      expect(large.equals(new Uint8Array((await next(socket, 'message')).data))).to.equal(true)
      const events = record(socket)
      socket.close(3001, 'bye')
      await next(socket, 'close')
      expect(events).to.deep.equal(['close 3001 clean bye'])
    })

    it('has its events in order when all comes at once, and the server ends first', async () => {
      const server = await loopback.serveRaw({ tls: made.certificate })
      const socket = loopback.socket(server.url, { tls: { ca: made.authority.cert } })
      const events = record(socket)
      const peer = await server.accept()
      await peer.write(Buffer.concat([peer.acceptance(), frame(TEXT, 'text'), frame(CLOSE, closeBody(1001, 'away'))]))
      expect((await peer.readFrame()).opcode).to.equal(CLOSE)
      peer.end()
      await next(socket, 'close')
      expect(events).to.deep.equal(['open', 'message text', 'close 1001 clean away'])
      await peer.ended
    })

    it('that is cut is lost', async () => {
      const server = await loopback.serveRaw({ tls: made.certificate })
      const socket = loopback.socket(server.url, { tls: { ca: made.authority.cert } })
      const events = record(socket)
      const peer = await server.accept()
      await peer.accept()
      await next(socket, 'open')
      await peer.write(frame(BINARY, 'data').subarray(0, 3))
      peer.reset()
      await next(socket, 'close')
      expect(events).to.deep.equal(['open', 'error', 'close 1006 unclean'])
      expect(failure(socket)!.code).to.equal('WS_ERR_CONNECTION_LOST')
    })
  })

  describe('no TLS', () => {
    it('fails where the server speaks none', async () => {
      const port = await tcpServer(socket => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
      await expectCause(`wss://127.0.0.1:${port}/`, /^ERR_SSL_|^EPROTO$/)
    })

    it('fails where the server hangs up', async () => {
      const port = await tcpServer(socket => socket.resetAndDestroy())
      // The reset may come with TCP, before TLS has begun.
      await expectCause(`wss://127.0.0.1:${port}/`, 'ECONNRESET', {}, /^WS_ERR_(CONNECT|TLS)$/)
      const other = await tcpServer(socket => socket.end())
      await expectCause(`wss://127.0.0.1:${other}/`, 'ECONNRESET')
    })

    it('fails where the server is none', async () => {
      const closed = await loopback.serve()
      await closed.close()
      await expectCause(`wss://127.0.0.1:${closed.port}/`, 'ECONNREFUSED', {}, /^WS_ERR_CONNECT$/)
    })

    it('is what ws has, and a TLS server does not understand', async () => {
      const server = await loopback.serve({ tls: made.certificate })
      const error = await failureOf(server.url.replace('wss:', 'ws:'))
      expect(error.code).to.match(/^WS_ERR_(CONNECTION_LOST|INVALID_RESPONSE|UNEXPECTED_STATUS)$/)
    })
  })

  describe('errors say in words what is wrong and what to do', () => {
    async function wordsFor(certificate: Certificate, options: TlsOptions = {}, host = 'localhost'): Promise<string> {
      const server = await loopback.serve({ tls: certificate })
      const error = await failureOf(`wss://${host}:${server.port}/`, { tls: options })
      expect(error.code).to.equal('WS_ERR_TLS')
      expect(error.message).to.contain(`Could not connect to ${host}:${server.port}: The server's certificate`)
      // The raw error is the cause, and its code is in the message.
      expect(error.message).to.contain(`(${error.cause!.code})`)
      expect(error.cause).not.to.be.an.instanceof(ExplainedError)
      return error.message
    }

    it('of an issuer that is not trusted', async () => {
      expect(await wordsFor(made.certificate)).to.match(/is of an authority that is not trusted here.*"tls\.ca"/)
      expect(await wordsFor(await makeCertificate())).to.match(/is signed by itself, and not trusted.*"tls\.ca"/)
      // An authority that was made anew, by the same name.
      const ca = (await makeAuthority()).cert
      expect(await wordsFor(made.certificate, { ca })).to.match(/is of an authority that is not trusted here/)
    })

    it('of a certificate that has expired', async () => {
      const ca = made.authority.cert
      expect(await wordsFor(await makeCertificate({ authority: made.authority, expired: true }), { ca })).to.contain(
        'has expired',
      )
    })

    it('of a name that does not match', async () => {
      const ca = made.authority.cert
      const certificate = await makeCertificate({
        authority: made.authority,
        addresses: [],
        names: ['a.test', 'b.test'],
      })
      for (const host of ['localhost', '127.0.0.1']) {
        const message = await wordsFor(certificate, { ca }, host)
        expect(message).to.contain(`is not for ${host}, but for DNS:a.test, DNS:b.test`)
        expect(message).to.contain('"tls.servername"')
      }
      expect(await wordsFor(certificate, { ca, servername: 'c.test' })).to.contain('is not for c.test, but')
      const names = Array.from({ length: 100 }, (_, index) => `name${index}.test`)
      const long = await makeCertificate({ authority: made.authority, addresses: [], names })
      expect(await wordsFor(long, { ca })).to.have.length.below(500)
    })

    it('of wss: to a port without TLS', async () => {
      const plain = await loopback.serve()
      const error = await failureOf(plain.url.replace('ws:', 'wss:'))
      expect(error.message).to.match(/does not speak TLS on this port.*ws:/)
      expect(error.cause).to.be.an.instanceof(Error)
    })

    it('of ws: to a port with TLS: one that hangs up, and one that answers with an alert', async () => {
      const server = await loopback.serve({ tls: made.certificate })
      expect((await failureOf(server.url.replace('wss:', 'ws:'))).message).to.match(/expects TLS.*wss:/)
      const alerts = await tcpServer(socket => socket.end(Buffer.from('15030300020228', 'hex')))
      const error = await failureOf(`ws://127.0.0.1:${alerts}/`)
      expect(error.code).to.equal('WS_ERR_INVALID_RESPONSE')
      expect(error.message).to.match(/but TLS.*wss:/)
    })

    it('of nothing in common', async () => {
      const ca = made.authority.cert
      const old = await loopback.serve({ tls: { ...made.certificate, maxVersion: 'TLSv1.2' } })
      expect((await failureOf(old.url, { tls: { ca, minVersion: 'TLSv1.3' } })).message).to.contain('"tls.minVersion"')
      const other = await loopback.serve({ tls: { ...made.certificate, ALPNProtocols: ['h2'] } })
      expect((await failureOf(other.url, { tls: { ca } })).message).to.contain('HTTP/1.1')
    })
  })

  /** A TCP server that does with its connections what the test says. */
  async function tcpServer(handle: (socket: Socket) => void): Promise<number> {
    const server = createServer(socket => {
      loopback.afterwards(() => socket.destroy())
      socket.on('error', () => {})
      socket.resume()
      handle(socket)
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    loopback.afterwards(() => server.close())
    return (server.address() as { port: number }).port
  }
})
