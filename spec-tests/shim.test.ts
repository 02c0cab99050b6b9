import { inspect } from 'node:util'
import { expect } from 'chai'
import {
  CloseEvent,
  configured,
  drained,
  failure,
  install,
  MessageEvent,
  ping,
  WebSocket,
  WebSocketError,
  WebSocketStream,
} from '#lib/entry/node.js'
import { runModule } from './support/child.ts'
import { expectTypeError, withProperty } from './support/expect.ts'
import { next, type Peer, record, useLoopback } from './support/ws-server.ts'

type AnyWebSocket = WebSocket & Record<string, any>
type AnyClass = { new (...args: unknown[]): AnyWebSocket } & Record<string, any>
const Untyped = WebSocket as unknown as AnyClass

const DESCRIPTOR = { writable: true, enumerable: false, configurable: true }
const NAMES = ['WebSocket', 'WebSocketStream', 'WebSocketError', 'CloseEvent', 'MessageEvent']

describe('Polyfill', function () {
  this.timeout(20_000)

  async function expectLines(script: string, ...expected: string[]): Promise<void> {
    const { code, lines, errors } = await runModule(script)
    expect(errors).to.equal('')
    expect(lines).to.deep.equal(expected)
    expect(code).to.equal(0)
  }

  it('defines what the global object lacks, as the host defines its own', async () => {
    await expectLines(
      `
        const names = ${JSON.stringify(NAMES)}
        const before = names.filter(name => name in globalThis)
        const hosts = before.map(name => globalThis[name])
        await import('whatwg-websocket/polyfill')
        const own = await import('whatwg-websocket')
        console.log('kept', before.every((name, index) => globalThis[name] === hosts[index]))
        for (const name of names.filter(name => !before.includes(name))) {
          const { value, ...rest } = Object.getOwnPropertyDescriptor(globalThis, name)
          console.log('defined', value === own[name], JSON.stringify(rest))
        }
        console.log(names.every(name => typeof globalThis[name] === 'function'))
      `,
      'kept true',
      ...NAMES.filter(name => !(name in globalThis)).map(() => `defined true ${JSON.stringify(DESCRIPTOR)}`),
      'true',
    )
  })

  it('leaves a WebSocket that is there', async () => {
    await expectLines(
      `
        class WebSocket {}
        globalThis.WebSocket = WebSocket
        await import('whatwg-websocket/polyfill')
        console.log(globalThis.WebSocket === WebSocket, typeof globalThis.CloseEvent)
      `,
      'true function',
    )
  })
})

describe('install()', () => {
  const classes: Record<string, unknown> = { WebSocket, WebSocketStream, WebSocketError, CloseEvent, MessageEvent }

  it('defines the classes on an object that lacks them', () => {
    const target = {}
    expect(install(target)).to.equal(undefined)
    for (const [name, value] of Object.entries(classes)) {
      expect(Object.getOwnPropertyDescriptor(target, name)).to.deep.equal({ value, ...DESCRIPTOR })
    }
  })

  it('keeps what is there, inherited too', () => {
    const own = class WebSocket {}
    const inherited = class CloseEvent {}
    const target = Object.assign(Object.create({ CloseEvent: inherited }), { WebSocket: own })
    install(target)
    install(target, {})
    install(target, { override: false })
    expect(target.WebSocket).to.equal(own)
    expect(target.CloseEvent).to.equal(inherited)
    expect(target.MessageEvent).to.equal(MessageEvent)
  })

  it('replaces what is there with override', () => {
    const target: Record<string, unknown> = { WebSocket: 1, CloseEvent: 2, MessageEvent: 3 }
    install(target, { override: true })
    for (const [name, value] of Object.entries(classes)) expect(target[name]).to.equal(value)
  })

  it('replaces the globals, and events pass instanceof with them', async () => {
    const server = await import('./support/ws-server.ts').then(({ startServer }) => startServer())
    const before = NAMES.map(name => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const)
    try {
      install(globalThis, { override: true })
      const socket = new (globalThis as any).WebSocket(server.url)
      await next(socket, 'open')
      const peer = await server.accept()
      peer.socket.send('text')
      expect(await next(socket, 'message')).to.be.an.instanceof((globalThis as any).MessageEvent)
      socket.close()
      expect(await next(socket, 'close')).to.be.an.instanceof((globalThis as any).CloseEvent)
    } finally {
      for (const [name, descriptor] of before) {
        if (descriptor === undefined) Reflect.deleteProperty(globalThis, name)
        else Object.defineProperty(globalThis, name, descriptor)
      }
      await server.close()
    }
  })
})

describe('configured()', () => {
  const loopback = useLoopback()

  async function use(Class: unknown, ...args: unknown[]): Promise<{ socket: AnyWebSocket; peer: Peer }> {
    const server = await loopback.serve()
    const socket = loopback.track(new (Class as AnyClass)(server.url, ...args))
    const peer = await server.accept()
    await next(socket, 'open')
    return { socket, peer }
  }

  it('gives a class that looks like WebSocket, and whose sockets are ones', async () => {
    const Configured = configured({ headers: { 'x-one': '1' } })
    expect(Configured).not.to.equal(WebSocket)
    expect(Configured.name).to.equal('WebSocket')
    expect(Configured.length).to.equal(1)
    expect(Configured.OPEN).to.equal(1)
    expect(Configured.prototype.CLOSED).to.equal(3)
    const { socket, peer } = await use(Configured)
    expect(socket).to.be.an.instanceof(Configured)
    expect(socket).to.be.an.instanceof(WebSocket)
    expect(Object.prototype.toString.call(socket)).to.equal('[object WebSocket]')
    expect(peer.request.headers['x-one']).to.equal('1')
    socket.send('text')
    expect((await peer.message()).text).to.equal('text')
  })

  it('has the defaults of its options, whatever the library passes', async () => {
    const Configured = configured({ headers: { 'x-one': '1' }, origin: 'https://own.test', maxPayload: 10 })
    for (const args of [[], [undefined], [[]], ['chat'], [['chat']], [['chat'], { headers: { 'x-two': '2' } }]]) {
      const { socket, peer } = await use(Configured, ...args)
      expect(peer.request.headers).to.include({ 'x-one': '1', origin: 'https://own.test' })
      expect(peer.request.headers).not.to.have.property('x-two')
      expect(socket.protocol).to.equal(args.flat()[0] === 'chat' ? 'chat' : '')
    }
    const { socket, peer } = await use(Configured)
    peer.socket.send('x'.repeat(11))
    await next(socket, 'close')
    expect(failure(socket)!.code).to.equal('WS_ERR_MESSAGE_TOO_BIG')
  })

  it('has the subprotocols of its options unless the library passes others', async () => {
    const Configured = configured({ protocols: ['default'] })
    expect((await use(Configured)).socket.protocol).to.equal('default')
    expect((await use(Configured, undefined)).socket.protocol).to.equal('default')
    expect((await use(Configured, 'other')).socket.protocol).to.equal('other')
    expect((await use(Configured, ['other'])).socket.protocol).to.equal('other')
    expect((await use(Configured, [])).socket.protocol).to.equal('')
  })

  it('takes options, which come before its own; headers are merged', async () => {
    const Configured = configured({
      headers: { 'X-One': '1', 'x-two': '2' },
      origin: 'https://own.test',
      protocols: 'a',
    })
    const { socket, peer } = await use(Configured, {
      headers: { 'x-one': 'mine', 'x-three': '3' },
      origin: 'https://b.test',
    })
    expect(peer.request.headers).to.include({
      'x-one': 'mine',
      'x-two': '2',
      'x-three': '3',
      origin: 'https://b.test',
    })
    expect(socket.protocol).to.equal('a')
    const none = await use(Configured, { headers: undefined })
    expect(none.peer.request.headers).to.include({ 'x-one': '1', 'x-two': '2' })
  })

  it('has a binaryType to begin with', async () => {
    for (const binaryType of ['arraybuffer', 'blob'] as const) {
      const { socket, peer } = await use(configured({ binaryType }))
      expect(socket.binaryType).to.equal(binaryType)
      peer.socket.send(Uint8Array.of(1))
      const { data } = await next(socket, 'message')
      expect(data).to.be.an.instanceof(binaryType === 'blob' ? Blob : ArrayBuffer)
    }
    const { socket } = await use(configured({}))
    expect(socket.binaryType).to.equal('blob')
    socket.binaryType = 'arraybuffer'
    expect(socket.binaryType).to.equal('arraybuffer')
  })

  it('throws a TypeError with the name of a bad option, when it is called', () => {
    expect(expectTypeError(() => configured({ maxPayload: -1 })).message).to.contain('"maxPayload"')
    expect(expectTypeError(() => configured({ headers: { upgrade: 'x' } })).message).to.contain('upgrade')
    expect(expectTypeError(() => configured({ unknown: 1 } as object)).message).to.contain('"unknown"')
    for (const binaryType of ['nodebuffer', '', null, 5]) {
      expect(expectTypeError(() => configured({ binaryType } as object)).message).to.contain('"binaryType"')
    }
  })

  it('leaves WebSocket as it is, and can be subclassed', async () => {
    const Configured = configured({ headers: { 'x-one': '1' } }) as unknown as AnyClass
    class Own extends Configured {
      readonly own = true
    }
    const { socket, peer } = await use(Own)
    expect(socket.own).to.equal(true)
    expect(peer.request.headers['x-one']).to.equal('1')
    expect((await use(WebSocket)).peer.request.headers).not.to.have.property('x-one')
  })

  it('can be installed', () => {
    const target: Record<string, unknown> = {}
    install(target)
    target.WebSocket = configured({})
    expect(target.WebSocket).not.to.equal(WebSocket)
  })
})

/** What libraries that take a WebSocket class or a socket do with it. */
describe('Habits of libraries', () => {
  const loopback = useLoopback()

  /** Everything works: messages both ways, and the close. */
  async function expectExchange(socket: AnyWebSocket, peer: Peer): Promise<void> {
    const events = record(socket)
    socket.send('question')
    expect((await peer.message()).text).to.equal('question')
    const answered = new Promise(resolve => socket.addEventListener('message', resolve))
    peer.socket.send('answer')
    await answered
    const closed = new Promise(resolve => socket.addEventListener('close', resolve))
    socket.close(1000, undefined)
    await closed
    expect(events).to.deep.equal(['message answer', 'close 1000 clean'])
    expect(socket.readyState).to.equal(3)
  }

  async function open(make: (url: string) => AnyWebSocket): Promise<{ socket: AnyWebSocket; peer: Peer }> {
    const server = await loopback.serve()
    const socket = make(server.url)
    loopback.track(socket)
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve)
      socket.addEventListener('error', reject)
    })
    return { socket, peer: await server.accept() }
  }

  for (const args of [
    [[], {}],
    [undefined, { headers: { authorization: 'x' } }],
    [[], undefined],
    [undefined],
    [undefined, undefined],
    [[]],
    [],
  ]) {
    it(`new WebSocket(url${args.map(arg => `, ${JSON.stringify(arg)}`).join('')})`, async () => {
      const { socket, peer } = await open(url => new Untyped(url, ...args))
      expect(peer.request.headers).not.to.have.any.keys('authorization', 'sec-websocket-protocol')
      await expectExchange(socket, peer)
    })
  }

  it('close(1000, undefined), close(undefined), close(1000)', async () => {
    for (const [args, code] of [
      [[1000, undefined], 1000],
      [[undefined], 1005],
      [[undefined, undefined], 1005],
      [[1000], 1000],
    ] as const) {
      const { socket, peer } = await open(url => new Untyped(url))
      ;(socket.close as (...args: unknown[]) => void)(...args)
      expect(await peer.closed).to.deep.equal({ code, reason: '' })
    }
  })

  it('properties of their own on the socket', async () => {
    const { socket, peer } = await open(url => new Untyped(url))
    const names = [
      'ping',
      'pong',
      'terminate',
      'request',
      'timeout',
      'on',
      'emit',
      'id',
      'state',
      'connection',
      'target',
    ]
    for (const name of names) socket[name] = name
    for (const name of names) expect(socket[name]).to.equal(name)
    expect(Object.keys(socket)).to.deep.equal(names)
    expect(await ping(socket)).to.be.a('number')
    await expectExchange(socket, peer)
  })

  it('properties in place of members: url, dispatchEvent, onmessage', async () => {
    const { socket, peer } = await open(url => new Untyped(url))
    Object.defineProperty(socket, 'url', { value: 'ws://other.test/' })
    Object.defineProperty(socket, 'dispatchEvent', { value: () => expect.fail('not to be called') })
    let seen = 0
    Object.defineProperty(socket, 'onmessage', { value: () => seen++ })
    await expectExchange(socket, peer)
    expect(socket.url).to.equal('ws://other.test/')
    expect(seen, 'an own property is no event handler').to.equal(0)
  })

  it('a frozen socket', async () => {
    const { socket, peer } = await open(url => Object.freeze(new Untyped(url)))
    socket.binaryType = 'arraybuffer'
    expect(socket.binaryType).to.equal('arraybuffer')
    await expectExchange(socket, peer)
  })

  it('a subclass with methods in place of those of the class', async () => {
    const sent: unknown[] = []
    class Logged extends Untyped {
      override send(data: unknown): void {
        sent.push(data)
        super.send(data as string)
      }

      override get url(): string {
        return `${super.url}#logged`
      }
    }
    const { socket, peer } = await open(url => new Logged(url, ['chat']))
    expect(socket.url).to.match(/#logged$/)
    expect(socket.protocol).to.equal('chat')
    await expectExchange(socket, peer)
    expect(sent).to.deep.equal(['question'])
  })

  it('methods that are replaced on the prototype', async () => {
    const { send } = WebSocket.prototype
    const sent: unknown[] = []
    const patched = function (this: WebSocket, data: string): void {
      sent.push(data)
      send.call(this, data)
    }
    await withProperty(WebSocket.prototype, 'send', patched, async () => {
      const { socket, peer } = await open(url => new Untyped(url))
      await expectExchange(socket, peer)
    })
    expect(sent).to.deep.equal(['question'])
    expect(WebSocket.prototype.send).to.equal(send)
  })

  it('a naive Proxy around the socket', async () => {
    const { socket, peer } = await open(url => new Proxy(new Untyped(url), {}))
    expect(socket).to.be.an.instanceof(WebSocket)
    const messages: unknown[] = []
    socket.onmessage = event => messages.push(event.data)
    socket.binaryType = 'arraybuffer'
    expect(socket.binaryType).to.equal('arraybuffer')
    expect(socket.bufferedAmount).to.equal(0)
    expect(socket.extensions).to.equal('')
    await drained(socket)
    await expectExchange(socket, peer)
    expect(messages).to.deep.equal(['answer'])
    expect(socket.onmessage).to.be.a('function')
  })

  it('a Proxy that binds methods to the socket', async () => {
    const { socket, peer } = await open(
      url =>
        new Proxy(new Untyped(url), {
          get(target, name) {
            const value = Reflect.get(target, name, target)
            return typeof value === 'function' ? value.bind(target) : value
          },
          set: (target, name, value) => Reflect.set(target, name, value, target),
        }),
    )
    const messages: unknown[] = []
    socket.onmessage = event => messages.push(event.data)
    await expectExchange(socket, peer)
    expect(messages).to.deep.equal(['answer'])
  })

  it('a Proxy around the class, with a construct trap', async () => {
    let made = 0
    for (const construct of [
      (target: AnyClass, args: unknown[]) => new target(...args),
      (target: AnyClass, args: unknown[]) => Reflect.construct(target, args),
      (target: AnyClass, args: unknown[], newTarget: unknown) => Reflect.construct(target, args, newTarget as AnyClass),
    ]) {
      const Wrapped = new Proxy(Untyped, {
        construct(target, args, newTarget) {
          made++
          return construct(target, args, newTarget)
        },
      })
      const { socket, peer } = await open(url => new Wrapped(url, []))
      expect(socket).to.be.an.instanceof(Wrapped)
      expect(socket).to.be.an.instanceof(WebSocket)
      expect(Wrapped.OPEN).to.equal(1)
      expect(Wrapped.name).to.equal('WebSocket')
      await expectExchange(socket, peer)
    }
    expect(made).to.equal(3)
  })

  it('a subclass of a Proxy around the class', async () => {
    const Wrapped = new Proxy(Untyped, {})
    class Own extends Wrapped {}
    const { socket, peer } = await open(url => new Own(url))
    expect(socket).to.be.an.instanceof(Own)
    await expectExchange(socket, peer)
  })

  it('asking whether this is ws: nothing of its own API is there', async () => {
    const { socket } = await open(url => new Untyped(url))
    for (const name of ['on', 'once', 'off', 'emit', 'removeAllListeners', 'ping', 'pong', 'terminate', '_socket']) {
      expect(socket[name], name).to.equal(undefined)
    }
    socket.binaryType = 'nodebuffer' as never
    expect(socket.binaryType).to.equal('blob')
    expect(socket.constructor.name).to.equal('WebSocket')
    expect(inspect(socket)).to.match(/^WebSocket/)
  })

  it('listeners once, with a signal, as objects, and removed', async () => {
    const { socket, peer } = await open(url => new Untyped(url))
    const seen: string[] = []
    const abort = new AbortController()
    const removed = (): number => seen.push('removed')
    socket.addEventListener('message', () => seen.push('once'), { once: true })
    socket.addEventListener('message', () => seen.push('signal'), { signal: abort.signal })
    socket.addEventListener('message', { handleEvent: () => seen.push('object') })
    socket.addEventListener('message', removed)
    socket.removeEventListener('message', removed)
    peer.socket.send('one')
    await next(socket, 'message')
    abort.abort()
    peer.socket.send('two')
    await next(socket, 'message')
    expect(seen).to.deep.equal(['once', 'signal', 'object', 'object'])
  })
})
