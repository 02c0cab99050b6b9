import { createSecureServer } from 'node:http2'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { expect } from 'chai'
import { failure, handshake, type WebSocket, type WebSocketOptions } from '#lib/entry/node.js'
import { makeCertificate, useCertificates } from '../support/certificates.ts'
import { runNode } from '../support/child.ts'
import { withProperty } from '../support/expect.ts'
import { startHttpProxy, startSocksProxy, type TestProxy } from '../support/proxy-servers.ts'
import { next, useLoopback } from '../support/ws-server.ts'

const SECRET = 'pa:ss w%C3%B6rd'

describe('Option proxy', function () {
  // A machine with much else to do is slow, and that is no failure.
  this.timeout(60_000)
  const loopback = useLoopback()
  const made = useCertificates()

  async function started(proxy: Promise<TestProxy>): Promise<TestProxy> {
    const one = await proxy
    loopback.afterwards(() => one.close())
    return one
  }

  /** Opens a socket, and has a message come back. */
  async function talk(url: string, options: WebSocketOptions): Promise<WebSocket> {
    const socket = await loopback.open(url, options)
    socket.send('over there')
    expect((await next(socket, 'message')).data).to.equal('over there')
    return socket
  }

  async function serveEcho(secure = false): Promise<string> {
    const server = await loopback.serve(secure ? { tls: made.certificate } : {})
    void (async () => {
      for (;;) {
        const { socket } = await server.accept()
        socket.on('message', (data, binary) => socket.send(data, { binary }))
      }
    })()
    return secure ? server.url.replace('127.0.0.1', 'localhost') : server.url
  }

  async function failed(options: WebSocketOptions, url = 'ws://server.test:8080/') {
    const socket = loopback.socket(url, options)
    await next(socket, 'close')
    return failure(socket)!
  }

  /** A proxy that does with each connection what `serve` says. */
  async function fake(serve: (socket: Socket) => void): Promise<number> {
    const sockets = new Set<Socket>()
    const server = createServer({ allowHalfOpen: true }, socket => {
      sockets.add(socket)
      socket.on('error', () => {})
      serve(socket)
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    loopback.afterwards(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
    return (server.address() as { port: number }).port
  }

  for (const secureProxy of [false, true]) {
    describe(secureProxy ? 'https:' : 'http:', () => {
      const scheme = secureProxy ? 'https' : 'http'
      const start = (credentials?: string) =>
        started(startHttpProxy({ ...(secureProxy && { tls: made.certificate }), ...(credentials && { credentials }) }))
      const trust = () => ({ tls: { ca: made.authority.cert } })

      for (const secure of [false, true]) {
        it(`takes ${secure ? 'wss' : 'ws'} URLs by a tunnel, with credentials that the server does not see`, async () => {
          const proxy = await start('user:secret')
          const url = await serveEcho(secure)
          const { host } = new URL(url)
          const socket = await talk(url, {
            proxy: { url: `${scheme}://user:secret@localhost:${proxy.port}`, ...trust(), headers: { 'x-from': 'me' } },
            ...trust(),
          })
          expect(proxy.asked.map(({ target }) => target)).to.deep.equal([host])
          expect(proxy.asked[0]!.headers).to.include({ 'x-from': 'me', host })
          expect(proxy.asked[0]!.headers).to.have.property('user-agent')
          const told = handshake(socket)!
          expect(told.proxy).to.equal(`${scheme}://localhost:${proxy.port}`)
          expect(told.remoteAddress).to.match(/^(127\.0\.0\.1|::1)$/)
          expect(told.http).to.equal('1.1')
          if (secure) expect(told.tls).to.include({ protocol: 'TLSv1.3', authorized: true })
          else expect(told.tls).to.equal(undefined)
          expect(JSON.stringify(told)).not.to.contain('secret')
        })
      }

      it('reports a 407 with its status, its fields and its body, and tells no credentials', async () => {
        const proxy = await start('user:secret')
        const proxyUrl = `${scheme}://user:wrong@localhost:${proxy.port}`
        const jar: string[] = []
        const cookieJar = { getCookieString: () => '', setCookie: (header: string) => jar.push(header) }
        const error = await failed({ proxy: { url: proxyUrl, ...trust() }, cookieJar })
        expect([error.code, error.step]).to.deep.equal(['WS_ERR_PROXY_REFUSED', 'proxy'])
        expect(error.message).to.contain('407 Proxy Authentication Required')
        expect(error.response!.status).to.equal(407)
        expect(error.response!.headers).to.deep.include(['proxy-authenticate', 'Basic realm="proxy"'])
        expect(Buffer.from(error.response!.body).toString()).to.equal('who, you?')
        expect(`${error.message} ${error.cause}`).not.to.match(/wrong|user/)
        expect(jar, 'what a proxy sets is not stored').to.deep.equal([])
      })
    })
  }

  it('decodes credentials, and has a field Proxy-Authorization of the caller go before them', async () => {
    const proxy = await started(startHttpProxy({ credentials: 'us er:pa:ss wörd' }))
    const url = await serveEcho()
    await talk(url, { proxy: `http://us%20er:${SECRET}@127.0.0.1:${proxy.port}` })
    const headers = { 'Proxy-Authorization': `Basic ${Buffer.from('us er:pa:ss wörd').toString('base64')}` }
    await talk(url, { proxy: { url: `http://a:b@127.0.0.1:${proxy.port}`, headers } })
    expect(proxy.asked).to.have.length(2)
  })

  it('asks for an IPv6 address in brackets', async () => {
    const proxy = await started(startHttpProxy())
    const server = await loopback.serve({ host: '::1' })
    await loopback.open(server.url, { proxy: `http://127.0.0.1:${proxy.port}` })
    expect(proxy.asked[0]!.target).to.equal(`[::1]:${server.port}`)
  })

  it('leaves the name of the server to the proxy', async () => {
    const url = await serveEcho()
    const leadsTo = Number(new URL(url).port)
    for (const proxy of [
      await started(startHttpProxy({ leadsTo })),
      await started(startSocksProxy({ leadsTo })),
      await started(startSocksProxy({ leadsTo })),
    ].entries()) {
      const [index, { port, asked }] = proxy
      await talk('ws://server.test:8080/', { proxy: `${['http', 'socks5h', 'socks4a'][index]}://127.0.0.1:${port}` })
      expect(asked.map(({ target }) => target)).to.deep.equal(['server.test:8080'])
    }
  })

  it('is not shown the addresses that allowAddress refuses, and is asked for those that were checked', async () => {
    const url = await serveEcho()
    const leadsTo = Number(new URL(url).port)
    const proxy = await started(startHttpProxy({ leadsTo }))
    const lookup: WebSocketOptions['lookup'] = (_name, _options, callback) =>
      callback(null, [
        { address: '10.0.0.1', family: 4 },
        { address: '192.0.2.1', family: 4 },
      ])
    const options = { proxy: `http://localhost:${proxy.port}` }
    const asked: string[] = []
    const allowAddress = (address: string): boolean => {
      asked.push(address)
      return !address.startsWith('10.')
    }
    await talk('ws://server.test:8080/', { proxy: `http://127.0.0.1:${proxy.port}`, lookup, allowAddress })
    expect(asked).to.deep.equal(['10.0.0.1', '192.0.2.1'])
    expect(proxy.asked.map(({ target }) => target)).to.deep.equal(['192.0.2.1:8080'])
    const error = await failed({ ...options, allowAddress: () => false }, 'ws://127.0.0.1:8080/')
    expect([error.code, error.step]).to.deep.equal(['WS_ERR_ADDRESS_REFUSED', 'dns'])
    expect(proxy.asked).to.have.length(1)
  })

  describe('SOCKS', () => {
    for (const scheme of ['socks5', 'socks5h', 'socks4', 'socks4a']) {
      it(`${scheme}: takes ws and wss URLs`, async () => {
        const proxy = await started(startSocksProxy())
        const tls = { ca: made.authority.cert }
        const url = await serveEcho()
        await talk(url, { proxy: `${scheme}://127.0.0.1:${proxy.port}` })
        const socket = await talk(await serveEcho(true), {
          proxy: `${scheme}://127.0.0.1:${proxy.port}`,
          tls,
          family: 4,
        })
        expect(handshake(socket)!.tls!.authorized).to.equal(true)
        const isNamed = /[ha]$/.test(scheme)
        const { port } = new URL(url)
        expect(proxy.asked[0]!.target).to.equal(`127.0.0.1:${port}`)
        expect(proxy.asked[1]!.target).to.match(isNamed ? /^localhost:/ : /^127\.0\.0\.1:/)
      })
    }

    it('socks5: takes IPv6 addresses, socks4: does not', async () => {
      const proxy = await started(startSocksProxy())
      const server = await loopback.serve({ host: '::1' })
      await loopback.open(server.url, { proxy: `socks5://127.0.0.1:${proxy.port}` })
      expect(proxy.asked[0]!.target).to.equal(`0:0:0:0:0:0:0:1:${server.port}`)
      expect((await failed({ proxy: `socks4a://127.0.0.1:${proxy.port}` }, server.url)).message).to.contain('IPv6')
    })

    it('authenticates by RFC 1929, and by the user id of SOCKS 4', async () => {
      const proxy = await started(startSocksProxy({ credentials: 'user:secret' }))
      const url = await serveEcho()
      await talk(url, { proxy: `socks5h://user:secret@127.0.0.1:${proxy.port}` })
      await talk(url, { proxy: `socks4a://user%3Asecret@127.0.0.1:${proxy.port}` })
      for (const [given, words] of [
        ['', 'it wants credentials'],
        ['user:wrong@', 'does not accept the user name and the password'],
      ]) {
        const error = await failed({ proxy: `socks5h://${given}127.0.0.1:${proxy.port}` }, url)
        expect([error.code, error.step]).to.deep.equal(['WS_ERR_PROXY_REFUSED', 'proxy'])
        expect(error.message).to.contain(words).and.not.to.contain('wrong')
      }
      expect((await failed({ proxy: `socks4a://127.0.0.1:${proxy.port}` }, url)).message).to.contain('the user id')
      const long = 'x'.repeat(256)
      expect((await failed({ proxy: `socks5h://${long}@127.0.0.1:${proxy.port}` }, url)).message).to.contain(
        '255 bytes',
      )
    })

    const greeting = [5, 0]
    const replies: Record<
      string,
      readonly [scheme: string, answers: readonly (readonly number[])[], code: string, words: RegExp]
    > = {
      'no SOCKS': ['socks5h', [[0x48, 0x54]], 'WS_ERR_PROXY', /does not speak SOCKS 5/],
      'a method that was not offered': ['socks5h', [[5, 2]], 'WS_ERR_PROXY', /was not offered/],
      'a reply of another version': ['socks5h', [greeting, [4, 0, 0, 1]], 'WS_ERR_PROXY', /reply/],
      'a reply with an unknown type': ['socks5h', [greeting, [5, 0, 0, 9]], 'WS_ERR_PROXY', /unknown type/],
      'rules that do not allow it': ['socks5h', [greeting, [5, 2, 0, 1]], 'WS_ERR_PROXY_REFUSED', /rules/],
      'a server that refuses': ['socks5h', [greeting, [5, 5, 0, 1]], 'WS_ERR_PROXY_REFUSED', /refuses the connection/],
      'an unknown code': ['socks5h', [greeting, [5, 77, 0, 1]], 'WS_ERR_PROXY_REFUSED', /77/],
      'no SOCKS 4': ['socks4a', [[5, 90, 0, 0, 0, 0, 0, 0]], 'WS_ERR_PROXY', /does not speak SOCKS 4/],
      'a refusal of SOCKS 4': ['socks4a', [[0, 91, 0, 0, 0, 0, 0, 0]], 'WS_ERR_PROXY_REFUSED', /91/],
    }
    for (const [what, [scheme, answers, code, words]] of Object.entries(replies)) {
      it(`fails for ${what}`, async () => {
        const port = await fake(socket => {
          const rest = [...answers]
          socket.on('data', () => rest.length > 0 && socket.write(Uint8Array.from(rest.shift()!)))
        })
        const error = await failed({ proxy: `${scheme}://127.0.0.1:${port}` })
        expect([error.code, error.step]).to.deep.equal([code, 'proxy'])
        expect(error.message).to.match(words)
      })
    }
  })

  describe('a proxy that misbehaves', () => {
    it('may drip its answer, and send bytes of the server right behind it', async () => {
      const server = await loopback.serveRaw()
      const port = await fake(socket => {
        socket.once('data', async () => {
          for (const character of 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 Yes\r\nContent-Length: 5\r\n\r\n') {
            socket.write(character)
            await new Promise(resolve => setImmediate(resolve))
          }
          const { connect } = await import('node:net')
          const onward = connect(server.port, '127.0.0.1')
          onward.on('error', () => {})
          socket.pipe(onward).pipe(socket)
        })
      })
      const socket = loopback.socket('ws://server.test/', { proxy: `http://127.0.0.1:${port}` })
      const peer = await server.accept()
      await Promise.all([next(socket, 'open'), peer.accept()])
      void peer.send(1, 'hello')
      expect((await next(socket, 'message')).data).to.equal('hello')
    })

    it('may send bytes together with the 200: they are the first of the tunnel', async () => {
      const port = await fake(socket => {
        socket.once('data', () =>
          socket.write('HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 418 Teapot\r\nContent-Length: 3\r\n\r\ntea'),
        )
      })
      const error = await failed({ proxy: `http://127.0.0.1:${port}` })
      expect([error.code, error.response!.status]).to.deep.equal(['WS_ERR_UNEXPECTED_STATUS', 418])
    })

    const answers: Record<string, readonly [answer: string, code: string, words: RegExp]> = {
      garbage: ['SSH-2.0-OpenSSH\r\n', 'WS_ERR_PROXY', /not HTTP/],
      'a head without end': [`HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(20_000)}`, 'WS_ERR_PROXY', /exceeds 65536 bytes/],
      'a body without end': [`HTTP/1.1 503 No\r\n\r\n${'x'.repeat(200_000)}`, 'WS_ERR_PROXY_REFUSED', /503 No/],
      'an upgrade': ['HTTP/1.1 101 Switching Protocols\r\n\r\n', 'WS_ERR_PROXY_REFUSED', /101/],
    }
    for (const [what, [answer, code, words]] of Object.entries(answers)) {
      it(`fails for ${what}`, async () => {
        const port = await fake(socket => socket.once('data', () => socket.write(answer)))
        const error = await failed({ proxy: `http://127.0.0.1:${port}` })
        expect([error.code, error.step]).to.deep.equal([code, 'proxy'])
        expect(error.message).to.match(words)
        if (code.endsWith('REFUSED')) expect(error.response!.body.length).to.be.at.most(65_536)
      })
    }

    for (const scheme of ['http', 'https', 'socks5h', 'socks4a']) {
      it(`fails for an early close, and for a reset (${scheme})`, async () => {
        for (const leave of [(socket: Socket) => socket.end(), (socket: Socket) => socket.resetAndDestroy()]) {
          const port = await fake(socket => socket.once('data', () => leave(socket)))
          const error = await failed({ proxy: `${scheme}://127.0.0.1:${port}` })
          expect([error.code, error.step]).to.deep.equal(['WS_ERR_PROXY', 'proxy'])
          expect(error.message).to.contain(`the proxy ${scheme}://127.0.0.1:${port}`)
        }
      })

      it(`is a black hole no longer than handshakeTimeout (${scheme})`, async () => {
        let left: Promise<unknown> | undefined
        const port = await fake(socket => {
          left = new Promise(resolve => socket.once('close', resolve))
          socket.on('end', () => socket.end())
          socket.resume()
        })
        const error = await failed({ proxy: `${scheme}://127.0.0.1:${port}`, handshakeTimeout: 50 })
        expect([error.code, error.step]).to.deep.equal(['WS_ERR_HANDSHAKE_TIMEOUT', 'proxy'])
        await left
      })

      it(`is left by an abort of the signal (${scheme})`, async () => {
        const controller = new AbortController()
        let left: Promise<unknown> | undefined
        const port = await fake(socket => {
          left = new Promise(resolve => socket.once('close', resolve))
          socket.once('data', () => controller.abort())
          socket.on('end', () => socket.end())
        })
        const error = await failed({ proxy: `${scheme}://127.0.0.1:${port}`, signal: controller.signal })
        expect([error.code, error.step]).to.deep.equal(['WS_ERR_ABORTED', 'proxy'])
        await left
      })
    }

    it('fails in the step of TLS where the server behind it is not trusted', async () => {
      const proxy = await started(startHttpProxy())
      const error = await failed({ proxy: `http://127.0.0.1:${proxy.port}` }, await serveEcho(true))
      expect([error.code, error.step]).to.deep.equal(['WS_ERR_TLS', 'tls'])
      const untrusted = await started(startHttpProxy({ tls: made.certificate }))
      const other = await failed({ proxy: `https://localhost:${untrusted.port}` }, await serveEcho())
      expect([other.code, other.step]).to.deep.equal(['WS_ERR_PROXY', 'proxy'])
      expect(other.message).to.match(/: The proxy's certificate is .*give its certificate as "proxy\.tls\.ca"/)
      expect((other.cause as { code?: string }).code).to.match(/VERIFY|ISSUER|SELF_SIGNED/)
    })

    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      it(`is given the client certificate of its own options (${version})`, async () => {
        const { authority, certificate } = made
        const versions = { minVersion: version, maxVersion: version }
        const asking = { ...certificate, ...versions, ca: authority.cert, requestCert: true }
        const proxy = await started(startHttpProxy({ tls: asking }))
        const url = `https://localhost:${proxy.port}`
        const client = await makeCertificate({ authority, names: ['client'] })
        const own = { ca: authority.cert, ...client }
        await talk(await serveEcho(), { proxy: { url, tls: own } })
        await talk(await serveEcho(true), { proxy: { url, tls: own }, tls: made.tls })
        expect(proxy.asked).to.have.lengthOf(2)

        // The certificate that is for the server is not for the proxy.
        const error = await failed({ proxy: { url, tls: made.tls }, tls: own }, 'wss://server.test/')
        expect([error.code, error.step]).to.deep.equal(['WS_ERR_PROXY', 'proxy'])
        expect((error.cause as { code?: string }).code).to.match(/CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE/)
        expect(error.message).to.match(/^Could not connect to the proxy https:\/\/localhost:\d+: /)
        if (version === 'TLSv1.3') {
          expect(error.message).to.include('The proxy does not accept the client certificate, or wants one')
          expect(error.message).to.include('see "proxy.tls.cert" and "proxy.tls.key" (ERR_SSL_')
        } else {
          expect(error.message).to.match(/: The proxy wants another cipher.* or a client certificate \(ERR_SSL_/)
          expect(error.message).not.to.match(/server/i)
        }
        expect(proxy.asked).to.have.lengthOf(2)
      })
    }

    it('is told of in its own words where it speaks HTTP/2 alone, whatever the server is to speak', async () => {
      const speaksHttp2 = createSecureServer({ ...made.certificate, allowHTTP1: false })
      await new Promise<void>(resolve => speaksHttp2.listen(0, '127.0.0.1', resolve))
      loopback.afterwards(() => new Promise(resolve => speaksHttp2.close(resolve)))
      const proxy = {
        url: `https://localhost:${(speaksHttp2.address() as AddressInfo).port}`,
        tls: { ca: made.authority.cert },
      }
      for (const http2 of [false, 'auto', 'only'] as const) {
        for (const url of ['ws://server.test/', 'wss://server.test/']) {
          const error = await failed({ proxy, http2 }, url)
          expect([error.code, error.step]).to.deep.equal(['WS_ERR_PROXY', 'proxy'])
          expect(error.message).to.include('The proxy does not speak HTTP/1.1 on this port')
        }
      }
    })

    it('is told of in its own words where it speaks no TLS', async () => {
      const proxy = await started(startHttpProxy())
      const error = await failed({ proxy: `https://localhost:${proxy.port}` })
      expect([error.code, error.step]).to.deep.equal(['WS_ERR_PROXY', 'proxy'])
      expect(error.message).to.match(/: The proxy (does not speak|ended the connection).*has to begin with http:/)
    })
  })

  describe("'env'", () => {
    const NAMES = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'all_proxy', 'no_proxy', 'NO_PROXY']
    const env = (variables: Record<string, string>, run: () => Promise<void>): Promise<void> => {
      const others = Object.entries(process.env).filter(([name]) => !NAMES.includes(name))
      return withProperty(process, 'env', { ...Object.fromEntries(others), ...variables }, run)
    }

    it('takes the proxy that the environment names, unless NO_PROXY has the server', async () => {
      const proxy = await started(startHttpProxy())
      const url = await serveEcho()
      await env({ http_proxy: `http://127.0.0.1:${proxy.port}` }, async () => {
        await talk(url, { proxy: 'env' })
        expect(proxy.asked).to.have.length(1)
        await talk(url, {})
        await talk(url, { proxy: false })
        expect(proxy.asked, 'nobody has told the process').to.have.length(1)
      })
      await env({ HTTP_PROXY: `127.0.0.1:${proxy.port}`, NO_PROXY: '127.0.0.0/8' }, async () => {
        await talk(url, { proxy: 'env' })
      })
      await env({ ALL_PROXY: `127.0.0.1:${proxy.port}`, NODE_USE_ENV_PROXY: '1' }, async () => {
        expect(proxy.asked).to.have.length(1)
        await talk(url, {})
        expect(proxy.asked).to.have.length(2)
        await talk(url, { proxy: false })
        expect(proxy.asked).to.have.length(2)
      })
    })

    it('fails for a variable that is no URL, and does not go around the proxy', async () => {
      const url = await serveEcho()
      await env({ http_proxy: 'ftp://user:secret@proxy.test' }, async () => {
        const error = await failed({ proxy: 'env' }, url)
        expect([error.code, error.step]).to.deep.equal(['WS_ERR_PROXY', 'proxy'])
        expect(error.message).to.equal('The environment variable http_proxy is not the URL of a proxy')
      })
    })

    it('is the default in a process that was started for it', async () => {
      const proxy = await started(startHttpProxy())
      const url = await serveEcho()
      const entry = new URL('../../../dist/entry/node.js', import.meta.url).href
      const program = `import { WebSocket, failure, handshake } from ${JSON.stringify(entry)}
        const socket = new WebSocket(${JSON.stringify(url)})
        socket.onopen = () => { console.log(handshake(socket).proxy); socket.close() }
        socket.onerror = () => console.log(failure(socket).message)`
      const run = (environment: Record<string, string>) =>
        runNode(['--input-type=module', '-e', program], {
          environment: { HTTP_PROXY: `http://127.0.0.1:${proxy.port}`, ...environment },
        })
      expect((await run({ NODE_USE_ENV_PROXY: '1' })).output).to.equal(`http://127.0.0.1:${proxy.port}\n`)
      expect((await run({})).output).to.equal('undefined\n')
    })
  })
})
