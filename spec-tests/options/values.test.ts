import { Agent } from 'node:http'
import { createSecureContext } from 'node:tls'
import { expect } from 'chai'
import { WebSocket } from '#lib/entry/node.js'
import { defaultSettings, readOptions } from '#lib/opening/options.js'
import { TLS_MEMBERS } from '#lib/transport/tls-options.js'
import { expectTypeError, withProperty } from '../support/expect.ts'
import { useLoopback } from '../support/ws-server.ts'

const Untyped = WebSocket as unknown as new (url: string, options?: object) => WebSocket

const NO_INTEGERS = [-1, 1.5, NaN, Infinity, -Infinity, '5', '', null, true, 5n, {}, []]
const NO_TIMES = [...NO_INTEGERS, 2 ** 31]
const NO_OBJECTS = [null, 5, 'text', true, Symbol('option')]
const HANDSHAKE_FIELDS = [
  'Sec-WebSocket-Key',
  'Sec-WebSocket-Version',
  'Sec-WebSocket-Protocol',
  'Sec-WebSocket-Extensions',
  'Sec-WebSocket-Accept',
  'sec-websocket-whatever',
  'Connection',
  'Upgrade',
  'UPGRADE',
  'Content-Length',
  'Transfer-Encoding',
  'Trailer',
  'TE',
  'Keep-Alive',
  'Proxy-Connection',
  'Expect',
]
const pem = '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'
const ABORTED = { signal: AbortSignal.abort() }
const pipe = { start() {}, write: () => true, end() {}, abort() {}, pause() {}, resume() {} }

/** Per option: what it takes, and what makes a TypeError that names it. */
const cases: Record<string, { good: unknown[]; bad: unknown[] }> = {
  protocols: { good: ['chat', [], ['a', 'b'], new Set(['a'])], bad: [] },
  targetAddressSpace: {
    good: ['public', 'local', 'loopback', new String('local')],
    bad: [null, '', 'private', 'unknown', 'Local', 5, {}, []],
  },
  headers: {
    good: [
      {},
      [],
      { 'x-a': 'b' },
      { 'x-a': ['b', 'c'] },
      [['x-a', 'b']],
      new Headers({ a: 'b' }),
      new Map([['a', 'b']]),
    ],
    bad: [
      ...NO_OBJECTS,
      [['x-a']],
      [['x-a', 'b', 'c']],
      ['ab'],
      [5],
      [null],
      { '': 'x' },
      { 'x a': 'b' },
      { 'x:a': 'b' },
      { 'x-a\r\nx-b': 'c' },
      { é: 'x' },
      { 'x-a': 'b\r\nx-c: d' },
      { 'x-a': 'b\nc' },
      { 'x-a': 'b\rc' },
      { 'x-a': 'b\0c' },
      { 'x-a': '€' },
      { 'x-a': ['fine', 'not\nfine'] },
      { 'x-a': Symbol('value') },
      [['x-a', 'b\r\nx-c: d']],
      [[Symbol('name'), 'b']],
      ...HANDSHAKE_FIELDS.map(name => ({ [name]: 'x' })),
      ...HANDSHAKE_FIELDS.map(name => [[name, 'x']]),
    ],
  },
  origin: {
    good: ['https://own.test', 'null', ''],
    bad: [null, 5, {}, 'a\r\nb', 'a\nb', 'a\0b', 'https://€', Symbol('origin')],
  },
  baseURL: {
    good: ['ws://base.test/', 'https://base.test/a', new URL('https://base.test/')],
    bad: [null, 5, '', 'relative', '/path', {}, { href: 'relative' }, { href: 5 }, Symbol('base')],
  },
  signal: { good: [new AbortController().signal], bad: [...NO_OBJECTS, {}, { aborted: false }, new AbortController()] },
  handshakeTimeout: { good: [0, 1, 30_000, 2 ** 31 - 1], bad: NO_TIMES },
  closeTimeout: { good: [0, 1, 30_000, 2 ** 31 - 1], bad: NO_TIMES },
  heartbeat: {
    good: [false, { interval: 1 }, { interval: 30_000, timeout: 5 }, { interval: 2 ** 31 - 1, timeout: undefined }],
    bad: [true, ...NO_OBJECTS, {}, { timeout: 5 }, { interval: 5, timeuot: 5 }],
  },
  'heartbeat.interval': { good: [], bad: [0, ...NO_TIMES] },
  'heartbeat.timeout': { good: [], bad: NO_TIMES },
  keepAlive: {
    good: [false, 1, 45_000, 32_767_000],
    bad: [true, null, 0, -1, 1.5, '5', Infinity, 32_767_001, {}],
  },
  connectInParallel: { good: [true, false], bad: [null, 0, 1, 'true', {}] },
  http2: { good: ['auto', 'only', false], bad: [null, '', true, 'yes', 2, {}] },
  maxPayload: { good: [0, 1, 2 ** 53 - 1], bad: [...NO_INTEGERS, 2 ** 53] },
  maxFragments: { good: [0, 1, 2 ** 53 - 1], bad: [...NO_INTEGERS, 2 ** 53] },
  browser: { good: ['refuse', 'ignore'], bad: [null, '', 'Ignore', true, {}] },
  maxBufferedAmount: { good: [0, 1, 2 ** 53 - 1], bad: [...NO_INTEGERS, 2 ** 53] },
  maxUnread: { good: [0, 1, 2 ** 53 - 1], bad: [...NO_INTEGERS, 2 ** 53] },
  debug: { good: [true, false], bad: [null, 0, 1, 'true', {}] },
  perMessageDeflate: {
    good: [true, false, {}, { threshold: 0 }, { level: 9, memLevel: 1 }, { clientMaxWindowBits: false }],
    bad: [
      null,
      0,
      'true',
      { unknown: 1 },
      { threshold: -1 },
      { level: 10 },
      { memLevel: 0 },
      { serverMaxWindowBits: 7 },
    ],
  },
  tls: {
    good: [{}, { rejectUnauthorized: false }, { ca: undefined }],
    bad: [...NO_OBJECTS, { unknown: 1 }, { CA: '' }],
  },
  'tls.ca': { good: [pem, Buffer.from(pem), [pem, Buffer.from(pem)]], bad: [null, 5, {}, [5], true] },
  'tls.cert': { good: [], bad: [null, 5, {}, [5], true] },
  'tls.key': { good: [], bad: [null, 5, {}, [5], true] },
  'tls.pfx': { good: [], bad: [null, 5, {}, true] },
  'tls.passphrase': { good: ['secret', ''], bad: [null, 5, {}] },
  'tls.servername': { good: ['name.test', '', 'bücher.test'], bad: [null, 5, {}, 'bü cher.test'] },
  'tls.ciphers': { good: ['ECDHE-RSA-AES128-GCM-SHA256'], bad: [null, 5, {}] },
  'tls.rejectUnauthorized': { good: [true, false], bad: [null, 0, 1, 'false'] },
  'tls.crl': { good: [[]], bad: [null, 5, {}, [5], true] },
  'tls.checkServerIdentity': { good: [() => undefined], bad: [null, 5, {}, 'text'] },
  'tls.pskCallback': { good: [() => null], bad: [null, 5, {}] },
  'tls.secureContext': { good: [createSecureContext()], bad: [null, 5, {}, 'text', () => {}] },
  'tls.secureOptions': { good: [0, 2 ** 31], bad: [null, -1, 1.5, 2 ** 32, '5', {}] },
  'tls.minDHSize': { good: [1024], bad: [null, -1, 1.5, '5', {}] },
  'tls.secureProtocol': { good: ['TLSv1_2_method'], bad: [null, 5, {}] },
  'tls.ecdhCurve': { good: ['P-256'], bad: [null, 5, {}] },
  'tls.sigalgs': { good: ['ed25519'], bad: [null, 5, {}] },
  'tls.allowPartialTrustChain': { good: [true, false], bad: [null, 0, 'true'] },
  'tls.enableTrace': { good: [true, false], bad: [null, 0, 'true'] },
  'tls.ALPNProtocols': {
    good: [[], ['http/1.1'], Buffer.from('\x08http/1.1')],
    bad: [
      null,
      5,
      {},
      'http/1.1',
      ['h2'],
      ['h2', 'http/1.1'],
      [undefined, 'http/1.1'],
      Buffer.from('\x02h2'),
      Buffer.from('\x09'),
    ],
  },
  'tls.minVersion': { good: ['TLSv1.2', 'TLSv1.3'], bad: [null, 1.2, 'TLSv1.4', 'tlsv1.2', ''] },
  'tls.maxVersion': { good: ['TLSv1.2', 'TLSv1.3'], bad: [null, 1.2, 'TLSv1.4', 'tlsv1.2', ''] },
  lookup: { good: [() => {}], bad: NO_OBJECTS },
  family: { good: [0, 4, 6], bad: [null, 5, '4', 'IPv4', {}] },
  localAddress: { good: ['127.0.0.1', '::1'], bad: [null, '', 5, {}] },
  noDelay: { good: [true, false], bad: [null, 0, 'true'] },
  allowAddress: { good: [() => true], bad: [...NO_OBJECTS, {}] },
  socketPath: { good: ['/run/server.sock', '\0abstract'], bad: [null, '', 5, {}] },
  proxy: {
    good: [
      'http://proxy.test:3128',
      'https://user:secret@proxy.test',
      new URL('socks5h://[::1]:1080'),
      'socks5://proxy.test',
      'socks4a://proxy.test',
      'socks4://proxy.test',
      { url: 'http://proxy.test', headers: { 'x-a': 'b' }, tls: { rejectUnauthorized: false } },
      { url: new URL('http://proxy.test') },
      'env',
      false,
    ],
    bad: [
      ...NO_OBJECTS,
      '',
      'proxy.test:3128',
      'ftp://proxy.test',
      'socks5:proxy',
      {},
      { url: 'proxy.test' },
      { url: 'http://proxy.test', unknown: 1 },
      { url: 'http://proxy.test', tls: { unknown: 1 } },
      { url: 'http://proxy.test', headers: 5 },
    ],
  },
  agent: { good: [new Agent(), { addRequest() {} }, false], bad: [...NO_OBJECTS, {}] },
  dispatcher: { good: [{ dispatch() {} }, 'global'], bad: [...NO_OBJECTS, {}, 'local'] },
  cookieJar: {
    good: [{ getCookieString: () => '', setCookie() {} }],
    bad: [...NO_OBJECTS, {}, { getCookieString() {} }, { setCookie() {} }],
  },
  upgrade: { good: [() => undefined, async () => {}], bad: [...NO_OBJECTS, {}] },
  connect: {
    good: [() => pipe, async () => pipe, pipe, new TransformStream()],
    bad: [...NO_OBJECTS, {}, { readable: new ReadableStream() }, { writable: new WritableStream() }],
  },
}

/** Options that say how to connect: no two of them go together. */
const WAYS = ['connect', 'upgrade', 'agent', 'dispatcher', 'proxy', 'socketPath']

describe('Options', () => {
  const loopback = useLoopback()

  /** An options object with that option; for `a.b` with an object for a. */
  function optionsWith(name: string, value: unknown): object {
    const [outer, inner] = name.split('.') as [string, string?]
    if (inner === undefined) return { [outer]: value }
    return { [outer]: { ...(outer === 'heartbeat' ? { interval: 1000 } : {}), [inner]: value } }
  }

  for (const [name, { good, bad }] of Object.entries(cases)) {
    describe(name, () => {
      it('takes what it should, and undefined', () => {
        const url = 'ws://host.test/'
        for (const value of name.startsWith('heartbeat.') ? good : [...good, undefined]) {
          const other = { connect: () => new Promise(() => {}) }
          const isWay = [...WAYS, 'allowAddress', 'http2'].includes(name)
          const socket = new Untyped(url, { ...(isWay ? ABORTED : other), ...optionsWith(name, value) })
          loopback.track(socket)
          expect(socket.readyState).to.equal(WebSocket.CONNECTING)
        }
      })

      if (bad.length === 0) return
      it('throws a TypeError with its name for anything else', () => {
        for (const value of bad) {
          const error = expectTypeError(() => new Untyped('ws://host.test/', optionsWith(name, value)))
          expect(error.message).to.match(name === 'headers' ? /"headers"|\bheader\b/ : new RegExp(`"${name}[".]`))
        }
      })
    })
  }

  it('throw a TypeError with its name for one that there is not', () => {
    for (const name of ['timeout', 'maxpayload', 'Headers', 'maxPayLoad', 'Agent']) {
      expect(expectTypeError(() => new Untyped('ws://host.test/', { [name]: undefined })).message).to.contain(name)
    }
  })

  it('throw a TypeError for two of them that each say how to connect', () => {
    const one = (name: string): object => ({ [name]: cases[name]!.good[0] })
    for (const [index, first] of WAYS.entries()) {
      for (const second of WAYS.slice(index + 1)) {
        const { message } = expectTypeError(() => new Untyped('ws://host.test/', { ...one(first), ...one(second) }))
        expect(message).to.contain(`"${first}"`).and.to.contain(`"${second}"`)
      }
      for (const proxy of ['env', false]) {
        if (first !== 'proxy') loopback.track(new Untyped('ws://host.test/', { ...ABORTED, ...one(first), proxy }))
      }
    }
  })

  it('throw a TypeError for "allowAddress" beside a way that does not tell the address', () => {
    for (const name of WAYS.filter(one => one !== 'proxy')) {
      const options = { allowAddress: () => true, [name]: cases[name]!.good[0] }
      expect(expectTypeError(() => new Untyped('ws://host.test/', options)).message).to.contain(`"${name}"`)
    }
  })

  it('throw before anything is done', async () => {
    const server = await loopback.serveRaw()
    expectTypeError(() => new Untyped(server.url, { headers: { a: 'b' }, maxPayload: -1 }))
    const socket = loopback.socket(server.url)
    await server.accept()
    expect(server.accepted).to.equal(1)
    socket.close()
  })

  it('say which header is not allowed', () => {
    const message = (headers: object): string =>
      expectTypeError(() => new Untyped('ws://host.test/', { headers })).message
    expect(message({ 'Sec-WebSocket-Key': 'x' })).to.equal(
      'The header "Sec-WebSocket-Key" cannot be set: it is reserved for the opening handshake',
    )
    expect(message({ 'x-name': 'a\nb' })).to.equal(
      'The value of the header "x-name" contains characters that HTTP does not allow',
    )
    expect(message({ 'bad name': 'a' })).to.equal('The name of a header is not a token: it contains " "')
    expect(message({ '': 'a' })).to.equal('The name of a header is not a token: it is empty')
  })

  it('are read from the object itself alone, once each', async () => {
    const server = await loopback.serve()
    const seen: string[] = []
    const options = Object.create({ headers: { 'x-inherited': 'never' } })
    for (const name of ['protocols', 'headers', 'maxPayload']) {
      Object.defineProperty(options, name, {
        enumerable: true,
        get() {
          seen.push(name)
          return name === 'headers' ? { 'x-own': 'yes' } : undefined
        },
      })
    }
    await withProperty(Object.prototype, 'origin', 'https://polluted.test', async () => {
      await loopback.open(server.url, options)
    })
    const { headers } = (await server.accept()).request
    expect(headers).to.include({ 'x-own': 'yes' })
    expect(headers).not.to.have.any.keys('x-inherited', 'origin')
    expect(seen.toSorted()).to.deep.equal(['headers', 'maxPayload', 'protocols'])
  })

  it('can be frozen, and are not changed', async () => {
    const server = await loopback.serve()
    const options = Object.freeze({ protocols: Object.freeze(['chat']), headers: Object.freeze({ 'x-a': 'b' }) })
    await loopback.open(server.url, options)
    expect(options).to.deep.equal({ protocols: ['chat'], headers: { 'x-a': 'b' } })
  })

  it('count as they were when the constructor was called', async () => {
    const server = await loopback.serve()
    const headers: Record<string, string> = { 'x-a': 'before' }
    const protocols = ['before']
    const options = { headers, protocols }
    const socket = loopback.socket(server.url, options)
    headers['x-a'] = 'after'
    headers.connection = 'close'
    protocols[0] = 'after'
    const { request } = await server.accept()
    expect(request.headers).to.include({ 'x-a': 'before', 'sec-websocket-protocol': 'before', connection: 'Upgrade' })
    socket.close()
  })

  it('take memory for what differs from the defaults, in each socket', () => {
    defaultSettings()
    const settings = readOptions({ maxPayload: 1, keepAlive: 45_000 })
    expect(Object.keys(settings)).to.have.members(['headers', 'maxPayload'])
    expect([settings.maxPayload, settings.keepAlive, settings.closeTimeout]).to.deep.equal([1, 45_000, 10_000])
  })

  it('have the defaults that are documented', () => {
    expect(defaultSettings()).to.deep.include({
      headers: [],
      origin: undefined,
      baseURL: undefined,
      signal: undefined,
      handshakeTimeout: 30_000,
      closeTimeout: 10_000,
      heartbeat: undefined,
      keepAlive: 45_000,
      connectInParallel: false,
      http2: false,
      maxPayload: 128 * 1024 * 1024,
      maxFragments: 0,
      browser: 'refuse',
      maxBufferedAmount: 0,
      maxUnread: 128 * 1024 * 1024,
      debug: false,
      tls: undefined,
      lookup: undefined,
      family: 0,
      localAddress: undefined,
      noDelay: true,
      socketPath: undefined,
      allowAddress: undefined,
      proxy: undefined,
      agent: undefined,
      dispatcher: undefined,
      cookieJar: undefined,
      connect: undefined,
      upgrade: undefined,
    })
    const named = Object.keys(cases)
    expect(named.filter(name => !name.includes('.'))).to.have.members(Object.keys(defaultSettings()))
    expect(named.filter(name => name.startsWith('tls.'))).to.have.members(
      Object.keys(TLS_MEMBERS).map(name => `tls.${name}`),
    )
  })

  it('share what is offered by default, however many sockets have other options', () => {
    const { perMessageDeflate } = defaultSettings()
    expect(perMessageDeflate).to.include({ threshold: 64, level: 1, memLevel: 8, clientMaxWindowBits: true })
    expect(readOptions({ maxPayload: 5 }).perMessageDeflate).to.equal(perMessageDeflate)
    expect(readOptions({ perMessageDeflate: true }).perMessageDeflate).to.equal(perMessageDeflate)
    expect(readOptions({ perMessageDeflate: false }).perMessageDeflate).to.equal(undefined)
    expect(readOptions({ perMessageDeflate: { level: 2 } }).perMessageDeflate).to.include({ level: 2, threshold: 64 })
  })
})
