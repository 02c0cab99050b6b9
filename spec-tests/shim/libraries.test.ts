import { inspect } from 'node:util'
import { expect } from 'chai'
import { drained, ping, WebSocket } from '#lib/entry/node.js'
import { withProperty } from '../support/expect.ts'
import { next, type Peer, record, useLoopback } from '../support/ws-server.ts'

type AnyWebSocket = WebSocket & Record<string, any>
type AnyClass = { new (...args: unknown[]): AnyWebSocket } & Record<string, any>
const Untyped = WebSocket as unknown as AnyClass

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
    [undefined, { headers: { 'x-own': 'x' } }],
    [null, {}],
    [[], undefined],
    [undefined],
    [undefined, undefined],
    [[]],
    [],
  ]) {
    it(`new WebSocket(url${args.map(arg => `, ${JSON.stringify(arg)}`).join('')})`, async () => {
      const { socket, peer } = await open(url => new Untyped(url, ...args))
      expect(peer.request.headers).not.to.have.any.keys('authorization', 'sec-websocket-protocol')
      expect(peer.request.headers['x-own'] ?? '').to.equal(JSON.stringify(args).includes('x-own') ? 'x' : '')
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
    const { socket, peer } = await open(url => {
      const frozen = new Untyped(url)
      // Node.js 26 makes the list of listeners with the first one, so that a frozen EventTarget without any takes none.
      frozen.addEventListener('open', () => {})
      return Object.freeze(frozen)
    })
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
