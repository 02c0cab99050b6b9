import { expect } from 'chai'
import {
  CloseEvent,
  configured,
  failure,
  install,
  MessageEvent,
  WebSocket,
  WebSocketError,
  WebSocketStream,
} from '#lib/entry/node.js'
import { runModule } from '../support/child.ts'
import { expectTypeError } from '../support/expect.ts'
import { next, type Peer, useLoopback } from '../support/ws-server.ts'

type AnyWebSocket = WebSocket & Record<string, any>
type AnyClass = { new (...args: unknown[]): AnyWebSocket } & Record<string, any>

const DESCRIPTOR = { writable: true, enumerable: false, configurable: true }
const NAMES = ['WebSocket', 'WebSocketStream', 'WebSocketError', 'CloseEvent', 'MessageEvent']

describe('Polyfill', function () {
  this.timeout(60_000)

  async function expectLines(script: string, ...expected: string[]): Promise<void> {
    const { exitCode, lines, errors } = await runModule(script)
    expect(errors).to.equal('')
    expect(lines).to.deep.equal(expected)
    expect(exitCode).to.equal(0)
  }

  /** Sets the globals of a host, imports the polyfill, and prints for each name whose class the global is. */
  function polyfilled(before: string): string {
    return `
      const names = ${JSON.stringify(NAMES)}
      ${before}
      const hosts = new Map(names.filter(name => name in globalThis).map(name => [name, globalThis[name]]))
      await import('whatwg-websocket/polyfill')
      const own = await import('whatwg-websocket')
      for (const name of names) {
        const { value, ...rest } = Object.getOwnPropertyDescriptor(globalThis, name) ?? {}
        const whose = value === own[name] ? JSON.stringify(rest) : hosts.has(name) && globalThis[name] === hosts.get(name) ? 'kept' : typeof globalThis[name]
        console.log(name, whose)
      }
    `
  }
  const DEFINED = JSON.stringify(DESCRIPTOR)

  it('defines WebSocket and CloseEvent where there is no WebSocket; a MessageEvent that is there stays', async () => {
    await expectLines(
      polyfilled('delete globalThis.WebSocket; delete globalThis.CloseEvent'),
      `WebSocket ${DEFINED}`,
      `WebSocketStream ${DEFINED}`,
      `WebSocketError ${DEFINED}`,
      `CloseEvent ${DEFINED}`,
      'MessageEvent kept',
    )
  })

  it('leaves a WebSocket that is there, and defines no event classes that its events are not of', async () => {
    await expectLines(
      polyfilled(`
        globalThis.WebSocket = class WebSocket {}
        delete globalThis.CloseEvent
        delete globalThis.MessageEvent`),
      'WebSocket kept',
      `WebSocketStream ${DEFINED}`,
      `WebSocketError ${DEFINED}`,
      'CloseEvent undefined',
      'MessageEvent undefined',
    )
  })

  it('leaves a WebSocketError that is there, and defines no WebSocketStream whose errors are not of it', async () => {
    await expectLines(
      polyfilled(`
        delete globalThis.WebSocket
        delete globalThis.CloseEvent
        globalThis.WebSocketError = class WebSocketError extends DOMException {}`),
      `WebSocket ${DEFINED}`,
      'WebSocketStream undefined',
      'WebSocketError kept',
      `CloseEvent ${DEFINED}`,
      'MessageEvent kept',
    )
  })

  it('makes events that are of the global classes, or leaves CloseEvent undefined: in this runtime as it is', async () => {
    await expectLines(
      `
        import { createRequire } from 'node:module'
        const { WebSocketServer } = createRequire(import.meta.url)('ws')
        const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
        server.on('connection', peer => { peer.send('text'); peer.close(1000) })
        await new Promise(resolve => server.on('listening', resolve))
        await import('whatwg-websocket/polyfill')
        const socket = new globalThis.WebSocket('ws://127.0.0.1:' + server.address().port)
        socket.onmessage = event => console.log('message', event instanceof globalThis.MessageEvent)
        socket.onclose = event => {
          console.log('close', typeof globalThis.CloseEvent === 'undefined' || event instanceof globalThis.CloseEvent)
          server.close()
        }
      `,
      'message true',
      'close true',
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
    expect(target).not.to.have.property('MessageEvent')
    expect(target.WebSocketStream).to.equal(WebSocketStream)
  })

  it('may be called again, and adds what was removed', () => {
    const target: Record<string, unknown> = {}
    install(target)
    delete target.CloseEvent
    install(target)
    expect(target.CloseEvent).to.equal(CloseEvent)
  })

  it('replaces what is there with override', () => {
    const target: Record<string, unknown> = { WebSocket: 1, CloseEvent: 2, MessageEvent: 3 }
    install(target, { override: true })
    for (const [name, value] of Object.entries(classes)) expect(target[name]).to.equal(value)
  })

  it('replaces the globals, and events pass instanceof with them', async () => {
    const server = await import('../support/ws-server.ts').then(({ startServer }) => startServer())
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
    for (const args of [
      [],
      [undefined],
      [null],
      [[]],
      ['chat'],
      [['chat']],
      [['chat'], { rejectUnauthorized: true }],
    ]) {
      const { socket, peer } = await use(Configured, ...args)
      expect(peer.request.headers).to.include({ 'x-one': '1', origin: 'https://own.test' })
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

  it('has what an iterator gives for each of its sockets', async () => {
    const Configured = configured({
      headers: new Map([['x-one', '1']]).entries(),
      protocols: new Set(['default']).values(),
    })
    for (let count = 0; count < 2; count++) {
      const { socket, peer } = await use(Configured)
      expect(peer.request.headers['x-one']).to.equal('1')
      expect(socket.protocol).to.equal('default')
    }
    const merged = await use(Configured, { headers: { 'x-two': '2' } })
    expect(merged.peer.request.headers).to.include({ 'x-one': '1', 'x-two': '2' })
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
