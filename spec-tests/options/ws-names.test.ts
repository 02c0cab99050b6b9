import { createRequire } from 'node:module'
import { expect } from 'chai'
import { configured, failure, WebSocket, WebSocketStream } from '#lib/entry/node.js'
import { type Certificate, makeAuthority, makeCertificate } from '../support/certificates.ts'
import { expectTypeError, withProperty } from '../support/expect.ts'
import type { RawRequest } from '../support/raw-server.ts'
import { next, useLoopback } from '../support/ws-server.ts'

const OtherWebSocket = createRequire(import.meta.url)('ws') as new (
  ...args: unknown[]
) => {
  on(name: string, listener: () => void): void
  terminate(): void
}
// The argument types do not allow what these tests give.
const Untyped = WebSocket as unknown as new (...args: unknown[]) => WebSocket

/** Options where ws and many libraries have them: new WebSocket(url, protocols, options). */
describe('Third argument: options by the names of ws', () => {
  const loopback = useLoopback()

  async function requestOf(...args: unknown[]): Promise<RawRequest> {
    const server = await loopback.serveRaw()
    loopback.track(new Untyped(server.url, ...args))
    return (await server.accept()).request
  }

  /** The request that ws makes of the same arguments. */
  async function requestOfWs(...args: unknown[]): Promise<RawRequest> {
    const server = await loopback.serveRaw()
    const socket = new OtherWebSocket(server.url, ...args)
    socket.on('error', () => {})
    const peer = await server.accept()
    socket.terminate()
    return peer.request
  }

  function messageOf(...args: unknown[]): string {
    return expectTypeError(() => loopback.track(new Untyped('ws://host.test/', ...args))).message
  }

  describe('is read', () => {
    for (const [what, protocols] of [
      ['undefined', undefined],
      ['null, as React Native has it', null],
      ['an empty list', []],
      ['a list', ['chat']],
      ['a string', 'chat'],
    ] as const) {
      it(`behind ${what}`, async () => {
        const request = await requestOf(protocols, { headers: { Authorization: 'Bearer token' } })
        expect(request.values('authorization')).to.deep.equal(['Bearer token'])
        expect(request.values('sec-websocket-protocol')).to.deep.equal([protocols ?? []].flat())
      })
    }

    it('with headers, origin and an offer of compression as ws sends them', async () => {
      for (const options of [
        { headers: { 'X-Token': 'a', 'x-number': 5, 'X-List': ['b', 'c'], Host: 'virtual.test' } },
        { origin: 'https://own.test' },
        { origin: '' },
        { origin: null },
        { headers: null },
        { perMessageDeflate: true },
        { perMessageDeflate: false },
        { perMessageDeflate: null },
        { perMessageDeflate: {} },
        { perMessageDeflate: { threshold: 1024, concurrencyLimit: 4, zlibDeflateOptions: { chunkSize: 1024 } } },
        { perMessageDeflate: { serverNoContextTakeover: true } },
        { perMessageDeflate: { clientNoContextTakeover: true, serverMaxWindowBits: 10 } },
        { perMessageDeflate: { clientMaxWindowBits: 10 } },
        { perMessageDeflate: { clientMaxWindowBits: false, serverMaxWindowBits: false, threshold: undefined } },
      ]) {
        const [ours, theirs] = [await requestOf([], options), await requestOfWs([], options)]
        for (const name of ['x-token', 'x-number', 'x-list', 'host', 'origin', 'sec-websocket-extensions']) {
          const port = (values: string[]): string[] =>
            values.map(value => value.replace(/^127\.0\.0\.1:\d+$/, 'address'))
          expect(port(ours.values(name)), `${name} of ${JSON.stringify(options)}`).to.deep.equal(
            port(theirs.values(name)),
          )
        }
      }
    })

    it('with the limits of ws', async () => {
      const server = await loopback.serve()
      const socket = loopback.track(new Untyped(server.url, [], { maxPayload: 10 }))
      await next(socket, 'open')
      ;(await server.accept()).socket.send('x'.repeat(11))
      await next(socket, 'close')
      expect(failure(socket)!.code).to.equal('WS_ERR_MESSAGE_TOO_BIG')
      const deaf = await loopback.serveRaw()
      const waiting = loopback.track(new Untyped(deaf.url, [], { handshakeTimeout: 50 }))
      await next(waiting, 'close')
      expect(failure(waiting)!.message).to.contain('50 ms')
    })

    it('with options of this package', async () => {
      const server = await loopback.serve()
      const controller = new AbortController()
      const socket = loopback.track(new Untyped(server.url, [], { signal: controller.signal, heartbeat: false }))
      controller.abort('enough')
      await next(socket, 'close')
      expect(failure(socket)!.cause).to.equal('enough')
    })

    it('with compression by the names of ws', async () => {
      const server = await loopback.serve({ perMessageDeflate: { threshold: 0 } })
      const compressible = 'some text that repeats itself, '.repeat(200)
      const sizes: number[] = []
      for (const level of [0, 1, -1]) {
        const perMessageDeflate = { threshold: 0, zlibDeflateOptions: { level, memLevel: 9, chunkSize: 2048 } }
        const socket = loopback.track(new Untyped(server.url, [], { perMessageDeflate }))
        await next(socket, 'open')
        const peer = await server.accept()
        const before = peer.request.socket.bytesRead
        socket.send(compressible)
        expect((await peer.message()).text).to.equal(compressible)
        sizes.push(peer.request.socket.bytesRead - before)
      }
      expect(sizes[0]).to.be.above(compressible.length)
      expect(sizes[1]).to.be.below(compressible.length / 10)
      expect(sizes[2]).to.be.at.most(sizes[1]!)
    })
  })

  describe('TLS', () => {
    let authority: Certificate
    let good: Certificate
    let client: Certificate

    before(async () => {
      authority = await makeAuthority()
      good = await makeCertificate({ authority, names: ['name.test'], addresses: [] })
      client = await makeCertificate({ authority })
    })

    it('is by the names at the top', async () => {
      const server = await loopback.serve({ tls: { ...good, ca: authority.cert, requestCert: true } })
      const options = {
        ca: authority.cert,
        servername: 'name.test',
        cert: client.cert,
        key: client.key,
        pfx: undefined,
      }
      const socket = loopback.track(
        new Untyped(server.url, [], { ...options, passphrase: null, minVersion: 'TLSv1.3' }),
      )
      await next(socket, 'open')
      const { socket: raw } = (await server.accept()).request as unknown as { socket: import('node:tls').TLSSocket }
      expect(raw.authorized).to.equal(true)
      expect(raw.getProtocol()).to.equal('TLSv1.3')
    })

    it('does not verify with rejectUnauthorized: false, and does without', async () => {
      const server = await loopback.serve({ tls: good })
      await next(loopback.track(new Untyped(server.url, null, { rejectUnauthorized: false })), 'open')
      const refused = loopback.track(new Untyped(server.url, null, { rejectUnauthorized: undefined }))
      await next(refused, 'close')
      expect(failure(refused)!.code).to.equal('WS_ERR_TLS')
      const Configured = configured({ handshakeTimeout: 5000 }) as unknown as typeof Untyped
      await next(loopback.track(new Configured(server.url, null, { rejectUnauthorized: false })), 'open')
    })

    it('is checked as in "tls"', () => {
      expect(messageOf([], { rejectUnauthorized: 0 })).to.contain('"tls.rejectUnauthorized"')
      expect(messageOf([], { ca: 'a', tls: { ca: 'b' } })).to.equal(
        'The WebSocket option "tls" is given twice, as a whole and by its members',
      )
    })

    it('at the top of the second argument is an error that points to "tls"', () => {
      for (const name of ['ca', 'cert', 'key', 'pfx', 'passphrase', 'rejectUnauthorized', 'servername', 'ciphers']) {
        const advice = `There is no WebSocket option "${name}": it is a member of "tls", as in { tls: { ${name} } }`
        expect(messageOf({ [name]: 'x' })).to.equal(advice)
        const stream = (): unknown => new WebSocketStream('ws://host.test/', { [name]: 'x' } as object)
        expect(expectTypeError(stream).message).to.equal(advice)
        expect(expectTypeError(() => configured({ [name]: 'x' } as object)).message).to.equal(advice)
      }
    })
  })

  describe('values that ask for what happens anyway', () => {
    const harmless: Record<string, unknown[]> = {
      agent: [false],
      allowSynchronousEvents: [true, false],
      autoPong: [true],
      createConnection: [],
      finishRequest: [],
      followRedirects: [false],
      generateMask: [],
      maxBufferedChunks: [1000],
      maxPendingAutoPongs: [10],
      maxRedirects: [10],
      protocolVersion: [13],
      skipUTF8Validation: [false],
      headers: [],
      origin: [],
      handshakeTimeout: [],
      maxPayload: [],
      ca: [],
    }
    for (const [name, values] of Object.entries(harmless)) {
      it(`${name}: ${[...values, undefined, null].map(String).join(', ')}`, () => {
        for (const value of [...values, undefined, null]) {
          const socket = loopback.track(
            new Untyped('ws://host.test/', [], { connect: () => new Promise(() => {}), [name]: value }),
          )
          expect(socket.readyState).to.equal(WebSocket.CONNECTING)
        }
      })
    }
  })

  describe('what cannot be honoured', () => {
    const asking: Record<string, readonly [value: unknown, advice: RegExp]> = {
      auth: ['user:pass', /URL/],
      autoPong: [false, /answered/],
      createConnection: [() => {}, /"connect"/],
      finishRequest: [() => {}, /"headers"/],
      followRedirects: [true, /handshake\(socket\)/],
      generateMask: [() => {}, /generator/],
      host: ['host.test', /URL/],
      hostname: ['host.test', /URL/],
      path: ['/', /URL/],
      port: [80, /URL/],
      protocolVersion: [8, /13/],
      skipUTF8Validation: [true, /always checked/],
      timeout: [1000, /"handshakeTimeout"/],
      protocols: [['chat'], /second/],
    }
    for (const [name, [value, advice]] of Object.entries(asking)) {
      it(`${name} is a TypeError that names it and says what to do`, () => {
        expect(messageOf([], { [name]: value }))
          .to.contain(`"${name}"`)
          .and.match(advice)
        if (name !== 'protocols')
          expect(messageOf({ [name]: value }))
            .to.contain(`"${name}"`)
            .and.match(advice)
      })
    }

    it('is a name that neither has', () => {
      for (const options of [{ maxpayload: 1 }, { Headers: {} }, { unknown: undefined }]) {
        const [name] = Object.keys(options)
        expect(messageOf([], options)).to.equal(`There is no WebSocket option "${name}"`)
      }
    })

    it('is within perMessageDeflate', () => {
      const message = (perMessageDeflate: unknown): string => messageOf([], { perMessageDeflate })
      expect(message({ unknown: 1 })).to.contain('"perMessageDeflate.unknown"')
      expect(message({ zlibDeflateOptions: { strategy: 1 } })).to.contain(
        '"perMessageDeflate.zlibDeflateOptions.strategy"',
      )
      expect(message({ zlibInflateOptions: { level: 1 } })).to.contain('"perMessageDeflate.zlibInflateOptions.level"')
      expect(message({ zlibDeflateOptions: 5 })).to.contain('"perMessageDeflate.zlibDeflateOptions"')
      expect(message({ zlibDeflateOptions: { level: 10 } })).to.contain('"perMessageDeflate.level"')
      expect(message({ serverMaxWindowBits: 7 })).to.contain('"perMessageDeflate.serverMaxWindowBits"')
    })

    it('throws before anything is done', async () => {
      const server = await loopback.serveRaw()
      expectTypeError(() => new Untyped(server.url, [], { headers: { a: 'b' }, agent: {} }))
      loopback.track(new Untyped(server.url))
      await server.accept()
      expect(server.accepted).to.equal(1)
    })
  })

  describe('beside options as the second argument', () => {
    it('both count', async () => {
      const request = await requestOf({ protocols: 'chat', origin: 'https://own.test' }, { headers: { 'x-one': '1' } })
      expect(request.values('sec-websocket-protocol')).to.deep.equal(['chat'])
      expect(request.values('origin')).to.deep.equal(['https://own.test'])
      expect(request.values('x-one')).to.deep.equal(['1'])
      const empty = await requestOf({ headers: undefined, origin: 'https://own.test' }, { headers: { 'x-one': '1' } })
      expect(empty.values('x-one')).to.deep.equal(['1'])
    })

    it('an option that both have is a TypeError', () => {
      expect(messageOf({ headers: {} }, { headers: {} })).to.equal(
        'The WebSocket option "headers" is given twice, in the second and in the third argument',
      )
      expect(messageOf({ tls: {} }, { ca: 'x' })).to.contain('"tls"')
    })
  })

  it('comes before the defaults of configured(), whose headers are merged', async () => {
    const Configured = configured({
      headers: { 'x-one': '1', 'X-Two': '2' },
      origin: 'https://own.test',
      protocols: ['default'],
    }) as unknown as typeof Untyped
    const request = async (...args: unknown[]): Promise<RawRequest> => {
      const server = await loopback.serveRaw()
      loopback.track(new Configured(server.url, ...args))
      return (await server.accept()).request
    }
    const first = await request(undefined, { headers: { 'x-two': 'mine', 'x-three': '3' }, origin: null })
    for (const [name, values] of Object.entries({
      'x-one': ['1'],
      'x-two': ['mine'],
      'x-three': ['3'],
      origin: ['https://own.test'],
      'sec-websocket-protocol': ['default'],
    })) {
      expect(first.values(name), name).to.deep.equal(values)
    }
    const second = await request(['chat'], { origin: 'https://other.test' })
    expect(second.values('sec-websocket-protocol')).to.deep.equal(['chat'])
    expect(second.values('origin')).to.deep.equal(['https://other.test'])
    expect(expectTypeError(() => new Configured('ws://host.test/', [], { agent: {} })).message).to.contain('"agent"')
  })

  it('is read from the object itself alone, once each, and can be frozen', async () => {
    const seen: string[] = []
    const options = Object.create({ origin: 'https://inherited.test' })
    for (const name of ['headers', 'ca', 'perMessageDeflate']) {
      Object.defineProperty(options, name, { enumerable: true, get: () => void seen.push(name) })
    }
    await withProperty(Object.prototype, 'origin', 'https://polluted.test', async () => {
      const request = await requestOf([], Object.freeze(options))
      expect(request.values('origin')).to.deep.equal([])
    })
    expect(seen).to.deep.equal(['headers', 'ca', 'perMessageDeflate'])
  })
})
