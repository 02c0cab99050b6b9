import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import { WebSocket } from '#lib/entry/node.js'
import { expectDOMException, expectTypeError, withProperty } from './support/expect.ts'
import { useLoopback } from './support/ws-server.ts'

// The argument types do not allow what these tests give.
const Untyped = WebSocket as unknown as new (...args: unknown[]) => WebSocket

/** https://websockets.spec.whatwg.org/#dom-websocket-websocket */
describe('WHATWG WebSocket constructor', () => {
  const loopback = useLoopback()

  /** A socket that never connects. */
  function idle(url: unknown, options: object = {}): WebSocket {
    return loopback.track(new Untyped(url, { connect: () => new Promise(() => {}), ...options }))
  }

  describe('URL', () => {
    it('keeps ws and wss, and makes http and https them', () => {
      expect(idle('ws://host.test/a').url).to.equal('ws://host.test/a')
      expect(idle('wss://host.test/a').url).to.equal('wss://host.test/a')
      expect(idle('http://host.test/a').url).to.equal('ws://host.test/a')
      expect(idle('https://host.test/a').url).to.equal('wss://host.test/a')
    })

    it('connects to an http URL', async () => {
      const server = await loopback.serve()
      const socket = await loopback.open(`http://127.0.0.1:${server.port}/path`)
      expect(socket.url).to.equal(`ws://127.0.0.1:${server.port}/path`)
      expect((await server.accept()).request.url).to.equal('/path')
    })

    it('serializes as URLs do', () => {
      expect(idle('WS://HOST.test').url).to.equal('ws://host.test/')
      expect(idle('ws://host.test:80/').url).to.equal('ws://host.test/')
      expect(idle('wss://host.test:443/').url).to.equal('wss://host.test/')
      expect(idle('ws://host.test:443/').url).to.equal('ws://host.test:443/')
      expect(idle('https://host.test:443/').url).to.equal('wss://host.test/')
      expect(idle('http://host.test:443/').url).to.equal('ws://host.test:443/')
      expect(idle('ws://bücher.test/ä?ö').url).to.equal('ws://xn--bcher-kva.test/%C3%A4?%C3%B6')
      expect(idle('ws://host.test/a/../b?c=d?e').url).to.equal('ws://host.test/b?c=d?e')
      expect(idle('ws://[::0:1]:81/').url).to.equal('ws://[::1]:81/')
      expect(idle('ws://host.test/%23').url).to.equal('ws://host.test/%23')
      expect(idle('  ws://host.test/\n').url).to.equal('ws://host.test/')
    })

    it('asks for path and query, percent-encoded', async () => {
      const server = await loopback.serve()
      await loopback.open(`ws://127.0.0.1:${server.port}/ä b/?q=ü&r`)
      expect((await server.accept()).request.url).to.equal('/%C3%A4%20b/?q=%C3%BC&r')
    })

    it('keeps credentials in url', () => {
      expect(idle('ws://user:pass%20word@host.test/').url).to.equal('ws://user:pass%20word@host.test/')
    })

    it('takes a URL object, and whatever else makes a string', () => {
      expect(idle(new URL('ws://host.test/object')).url).to.equal('ws://host.test/object')
      expect(idle({ toString: () => 'ws://host.test/stringified' }).url).to.equal('ws://host.test/stringified')
      expect(idle(['ws://host.test/list']).url).to.equal('ws://host.test/list')
    })

    it('takes a lone surrogate for U+FFFD', () => {
      expect(idle('ws://host.test/\ud800').url).to.equal('ws://host.test/%EF%BF%BD')
    })

    for (const url of [
      '',
      'host.test',
      '/path',
      'ws://',
      'ws:',
      'ws://a b/',
      'ws://host:65536/',
      'ws://[::1/',
      'ws//host',
    ]) {
      it(`throws a SyntaxError for ${JSON.stringify(url)}`, () => {
        expectDOMException(() => new WebSocket(url), 'SyntaxError')
      })
    }

    for (const scheme of ['ftp', 'file', 'wsss', 'httpx', 'mailto', 'about', 'data', 'javascript', 'ws+unix']) {
      it(`throws a SyntaxError for the scheme ${scheme}`, () => {
        expectDOMException(() => new WebSocket(`${scheme}://host.test/`), 'SyntaxError')
        expectDOMException(() => new WebSocket(`${scheme}:path`), 'SyntaxError')
      })
    }

    it('throws a SyntaxError for any fragment, even an empty one', () => {
      for (const scheme of ['ws', 'wss', 'http', 'https']) {
        expectDOMException(() => new WebSocket(`${scheme}://host.test/#fragment`), 'SyntaxError')
        expectDOMException(() => new WebSocket(`${scheme}://host.test/#`), 'SyntaxError')
        expectDOMException(() => new WebSocket(`${scheme}://host.test/?query#`), 'SyntaxError')
        expectDOMException(() => new WebSocket(new URL(`${scheme}://host.test/#`)), 'SyntaxError')
      }
    })

    it('says in its messages what is wrong', () => {
      expect(expectDOMException(() => new WebSocket('nowhere'), 'SyntaxError').message).to.contain('nowhere')
      expect(expectDOMException(() => new WebSocket('ftp://host.test/'), 'SyntaxError').message).to.contain('ftp:')
      expect(expectDOMException(() => new WebSocket('ws://host.test/#'), 'SyntaxError').message).to.match(/fragment/)
    })
  })

  describe('base URL', () => {
    it('resolves against the option baseURL', () => {
      expect(idle('chat', { baseURL: 'ws://host.test/a/b' }).url).to.equal('ws://host.test/a/chat')
      expect(idle('/chat', { baseURL: 'https://host.test/a/b' }).url).to.equal('wss://host.test/chat')
      expect(idle('?q', { baseURL: 'http://host.test:81/a/b' }).url).to.equal('ws://host.test:81/a/b?q')
      expect(idle('//other.test/', { baseURL: new URL('https://host.test/') }).url).to.equal('wss://other.test/')
      expect(idle('', { baseURL: 'ws://host.test/a#fragment' }).url).to.equal('ws://host.test/a')
      expect(idle('ws://other.test/', { baseURL: 'https://host.test/' }).url).to.equal('ws://other.test/')
    })

    it('stringifies null and numbers, as relative URLs', () => {
      expect(idle(null, { baseURL: 'ws://host.test/' }).url).to.equal('ws://host.test/null')
      expect(idle(undefined, { baseURL: 'ws://host.test/' }).url).to.equal('ws://host.test/undefined')
      expect(idle(7, { baseURL: 'ws://host.test/' }).url).to.equal('ws://host.test/7')
    })

    it('throws where the base leads to another scheme, or the URL has a fragment', () => {
      expectDOMException(() => idle('chat', { baseURL: 'ftp://host.test/' }), 'SyntaxError')
      expectDOMException(() => idle('#', { baseURL: 'ws://host.test/' }), 'SyntaxError')
      expectDOMException(() => idle('chat', { baseURL: 'about:blank' }), 'SyntaxError')
    })

    it('is the one of globalThis.location where there is one, but for the option', async () => {
      await withProperty(globalThis, 'location', new URL('https://page.test/dir/page'), () => {
        expect(idle('chat').url).to.equal('wss://page.test/dir/chat')
        expect(idle('/chat', { baseURL: 'ws://host.test/' }).url).to.equal('ws://host.test/chat')
        expect(idle('ws://other.test/').url).to.equal('ws://other.test/')
        expectDOMException(() => new WebSocket('#'), 'SyntaxError')
      })
    })

    it('need not be one for an absolute URL', async () => {
      await withProperty(globalThis, 'location', { href: 'about:blank', origin: 'null' }, () => {
        expect(idle('ws://host.test/').url).to.equal('ws://host.test/')
        expectDOMException(() => new WebSocket('/relative'), 'SyntaxError')
      })
    })

    it('sends the origin of globalThis.location, the option before it, and none without both', async () => {
      const server = await loopback.serve()
      await withProperty(globalThis, 'location', new URL('https://page.test:8443/dir/page?query'), async () => {
        await loopback.open(server.url)
        expect((await server.accept()).request.headers.origin).to.equal('https://page.test:8443')
        await loopback.open(server.url, { origin: 'https://own.test' })
        expect((await server.accept()).request.headers.origin).to.equal('https://own.test')
      })
      await loopback.open(server.url)
      expect((await server.accept()).request.headers).not.to.have.property('origin')
    })
  })

  describe('protocols', () => {
    /** The Sec-WebSocket-Protocol field for that argument; the server takes the first. */
    async function requested(...args: unknown[]): Promise<string | undefined> {
      const server = await loopback.serve()
      const socket = loopback.track(new Untyped(server.url, ...args))
      const { request } = await server.accept()
      const field = request.headers['sec-websocket-protocol']
      await new Promise(resolve => socket.addEventListener('open', resolve))
      expect(socket.protocol).to.equal(field === undefined ? '' : field.split(', ')[0])
      return field
    }

    it('are none for no argument, undefined and an empty list', async () => {
      expect(await requested()).to.equal(undefined)
      expect(await requested(undefined)).to.equal(undefined)
      expect(await requested([])).to.equal(undefined)
      expect(await requested(new Set())).to.equal(undefined)
    })

    it('are one for a string and for what becomes one', async () => {
      expect(await requested('chat')).to.equal('chat')
      expect(await requested(null)).to.equal('null')
      expect(await requested(false)).to.equal('false')
      expect(await requested(13)).to.equal('13')
    })

    it('are several for a list and any other iterable, joined by comma and space', async () => {
      expect(await requested(['chat'])).to.equal('chat')
      expect(await requested(['chat', 'superchat', 'v1.x~y'])).to.equal('chat, superchat, v1.x~y')
      expect(await requested(new Set(['b', 'a']))).to.equal('b, a')
      expect(
        await requested(
          (function* () {
            yield 'one'
            yield 'two'
          })(),
        ),
      ).to.equal('one, two')
      expect(await requested([null, 1, { toString: () => 'text' }])).to.equal('null, 1, text')
      // An object, and iterable: the IDL makes it a sequence.
      expect(await requested(new String('xyz'))).to.equal('x, y, z')
      expect(await requested(runInNewContext('["other", "realm"]'))).to.equal('other, realm')
    })

    it('keep their order and their case', async () => {
      expect(await requested(['Z', 'a', 'M'])).to.equal('Z, a, M')
    })

    for (const protocol of [
      '',
      ' ',
      'a b',
      'a,b',
      'a/b',
      'a@b',
      '(a',
      'a)',
      '"a"',
      'a{',
      'a\t',
      'a\r\nb',
      'é',
      '\u0000',
      'a\u007f',
    ]) {
      it(`throw a SyntaxError for ${JSON.stringify(protocol)}`, () => {
        expectDOMException(() => new WebSocket('ws://host.test/', protocol), 'SyntaxError')
        expectDOMException(() => new WebSocket('ws://host.test/', ['fine', protocol]), 'SyntaxError')
        expectDOMException(() => new WebSocket('ws://host.test/', { protocols: protocol }), 'SyntaxError')
      })
    }

    it('throw a SyntaxError if one is repeated, compared without case', () => {
      expectDOMException(() => new WebSocket('ws://host.test/', ['a', 'b', 'a']), 'SyntaxError')
      expectDOMException(() => new WebSocket('ws://host.test/', ['chat', 'CHAT']), 'SyntaxError')
      expectDOMException(() => new WebSocket('ws://host.test/', { protocols: ['x', 'X'] }), 'SyntaxError')
    })

    it('throw a TypeError for a symbol, before anything is looked at', () => {
      expectTypeError(() => new Untyped('ws://host.test/', Symbol('a')))
      expectTypeError(() => new Untyped('ws://host.test/', [Symbol('a')]))
      expectTypeError(() => new Untyped('not a URL', [Symbol('a')]))
    })

    it('pass on what their iterator throws', () => {
      const error = new RangeError('mine')
      const broken = {
        [Symbol.iterator]() {
          throw error
        },
      }
      expect(() => new Untyped('ws://host.test/', broken)).to.throw(error)
    })

    it('are converted after the URL, once each, and checked after it', () => {
      const order: string[] = []
      const url = { toString: () => (order.push('url') > 0 ? 'not a URL' : '') }
      const protocols = ['a', 'b'].map(name => ({ toString: () => (order.push(name) > 0 ? '' : 'never') }))
      expectDOMException(() => new Untyped(url, protocols), 'SyntaxError')
      expect(order).to.deep.equal(['url', 'a', 'b'])
    })
  })

  describe('second argument as options', () => {
    it('is a plain object, one without a prototype, or one of a class', async () => {
      const server = await loopback.serve()
      class Settings {
        protocols = 'from-a-class'
      }
      const bare = Object.assign(Object.create(null), { protocols: ['from-a-bare-object'] })
      expect((await loopback.open(server.url, { protocols: ['plain', 'second'] })).protocol).to.equal('plain')
      expect((await loopback.open(server.url, new Settings())).protocol).to.equal('from-a-class')
      expect((await loopback.open(server.url, bare)).protocol).to.equal('from-a-bare-object')
      expect((await loopback.open(server.url, {})).protocol).to.equal('')
      expect((await loopback.open(server.url, { protocols: [] })).protocol).to.equal('')
    })

    it('is none of it where the object is iterable', async () => {
      const server = await loopback.serve()
      const list = Object.assign(['chat'], { headers: { 'x-header': 'never' } })
      await loopback.open(server.url, list)
      const { request } = await server.accept()
      expect(request.headers['sec-websocket-protocol']).to.equal('chat')
      expect(request.headers).not.to.have.property('x-header')
    })

    it('ignores a third argument, whatever it is', async () => {
      const server = await loopback.serve()
      const socket = loopback.track(new Untyped(server.url, ['chat'], { headers: { 'x-header': 'never' } }))
      const { request } = await server.accept()
      expect(request.headers).not.to.have.property('x-header')
      await new Promise(resolve => socket.addEventListener('open', resolve))
      expect(socket.protocol).to.equal('chat')
      expect(idle('ws://host.test/').readyState).to.equal(WebSocket.CONNECTING)
      expect(() => loopback.track(new Untyped(server.url, undefined, null))).not.to.throw()
    })
  })

  describe('arguments', () => {
    it('throws a TypeError without any, and without new', () => {
      expectTypeError(() => new Untyped())
      expectTypeError(() => (WebSocket as unknown as (url: string) => void)('ws://host.test/'))
      expectTypeError(() => new Untyped(Symbol('url')))
    })
  })

  describe('new object', () => {
    it('is connecting, with nothing agreed', () => {
      const socket = idle('ws://host.test/', { protocols: 'chat' })
      expect(socket.readyState).to.equal(0)
      expect(socket.bufferedAmount).to.equal(0)
      expect(socket.extensions).to.equal('')
      expect(socket.protocol).to.equal('')
      expect(socket.binaryType).to.equal('blob')
      expect(socket.onopen).to.equal(null)
      expect(socket.onmessage).to.equal(null)
      expect(socket.onerror).to.equal(null)
      expect(socket.onclose).to.equal(null)
    })

    it('is an EventTarget of the host without own properties that show', () => {
      const socket = idle('ws://host.test/')
      expect(socket).to.be.an.instanceof(EventTarget)
      expect(Object.keys(socket)).to.deep.equal([])
      expect(Object.getOwnPropertyNames(socket)).to.deep.equal([])
      expect(JSON.stringify(socket)).to.equal('{}')
      // What a copy takes along is no more than with any target of the host.
      const copied = (object: object): number => Object.getOwnPropertySymbols({ ...object }).length
      expect(copied(socket)).to.equal(copied(new EventTarget()))
      expect(Object.prototype.toString.call(socket)).to.equal('[object WebSocket]')
    })

    it('can be subclassed', async () => {
      const server = await loopback.serve()
      class Chat extends (WebSocket as unknown as { new (url: string, protocols?: string[]): WebSocket }) {
        readonly started = 'yes'
        constructor(port: number) {
          super(`ws://127.0.0.1:${port}/chat`, ['chat'])
        }

        override get url(): string {
          return `${super.url}!`
        }
      }
      const socket = loopback.track(new Chat(server.port))
      await new Promise(resolve => {
        socket.onopen = resolve
      })
      expect(socket).to.be.an.instanceof(Chat)
      expect(socket).to.be.an.instanceof(WebSocket)
      expect(socket.started).to.equal('yes')
      expect(socket.protocol).to.equal('chat')
      expect(socket.url).to.equal(`ws://127.0.0.1:${server.port}/chat!`)
    })

    it('has the prototype of new.target', () => {
      class Other extends EventTarget {}
      const socket = Reflect.construct(WebSocket, ['ws://host.test/', { connect: () => new Promise(() => {}) }], Other)
      loopback.track(socket as WebSocket)
      expect(Object.getPrototypeOf(socket)).to.equal(Other.prototype)
      const get = Object.getOwnPropertyDescriptor(WebSocket.prototype, 'url')!.get!
      expect(get.call(socket)).to.equal('ws://host.test/')
    })
  })

  describe('interface', () => {
    const constants = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 }
    const attributes = ['url', 'readyState', 'bufferedAmount', 'extensions', 'protocol']
    const writable = ['binaryType', 'onopen', 'onmessage', 'onerror', 'onclose']
    const operations = { send: 1, close: 0 }

    it('is named WebSocket, wants one argument, and inherits from EventTarget', () => {
      expect(WebSocket.name).to.equal('WebSocket')
      expect(WebSocket.length).to.equal(1)
      expect(Object.getPrototypeOf(WebSocket)).to.equal(EventTarget)
      expect(Object.getPrototypeOf(WebSocket.prototype)).to.equal(EventTarget.prototype)
      const descriptor = Object.getOwnPropertyDescriptor(WebSocket, 'prototype')
      expect(descriptor).to.include({ writable: false, enumerable: false, configurable: false })
      expect(Object.getOwnPropertyDescriptor(WebSocket.prototype, 'constructor')).to.deep.equal({
        value: WebSocket,
        writable: true,
        enumerable: false,
        configurable: true,
      })
      expect(Object.getOwnPropertyDescriptor(WebSocket.prototype, Symbol.toStringTag)).to.deep.equal({
        value: 'WebSocket',
        writable: false,
        enumerable: false,
        configurable: true,
      })
    })

    it('has its constants on itself and on the prototype', () => {
      for (const target of [WebSocket, WebSocket.prototype]) {
        for (const [name, value] of Object.entries(constants)) {
          const descriptor = { value, writable: false, enumerable: true, configurable: false }
          expect(Object.getOwnPropertyDescriptor(target, name), name).to.deep.equal(descriptor)
        }
      }
      expect(idle('ws://host.test/').CLOSED).to.equal(3)
    })

    it('has attributes and operations that are enumerable and nothing else', () => {
      const names = [...Object.keys(constants), ...attributes, ...writable, ...Object.keys(operations)]
      expect(Object.keys(WebSocket.prototype)).to.have.members(names)
      expect(Object.getOwnPropertyNames(WebSocket.prototype)).to.have.members([...names, 'constructor'])
      expect(Object.keys(WebSocket)).to.have.members(Object.keys(constants))
      const inLoop: string[] = []
      for (const name in idle('ws://host.test/')) inLoop.push(name)
      expect(inLoop).to.include.members(names)
    })

    it('has attributes with getters, and setters where they can be set', () => {
      for (const name of [...attributes, ...writable]) {
        const { get, set, configurable } = Object.getOwnPropertyDescriptor(WebSocket.prototype, name)!
        expect(get!.name).to.equal(`get ${name}`)
        expect(get!.length).to.equal(0)
        expect(configurable, name).to.equal(true)
        if (writable.includes(name)) {
          expect(set!.name).to.equal(`set ${name}`)
          expect(set!.length).to.equal(1)
        } else expect(set, name).to.equal(undefined)
      }
      for (const [name, length] of Object.entries(operations)) {
        const { value, configurable, writable } = Object.getOwnPropertyDescriptor(WebSocket.prototype, name)!
        expect(value.name).to.equal(name)
        expect(value.length, name).to.equal(length)
        expect({ configurable, writable }).to.deep.equal({ configurable: true, writable: true })
      }
    })

    it('throws a TypeError when one tries to set what is read-only', () => {
      const socket = idle('ws://host.test/') as unknown as Record<string, unknown>
      for (const name of [...attributes, ...Object.keys(constants)]) {
        expectTypeError(() => {
          socket[name] = 1
        })
      }
    })

    it('throws a TypeError for a this that is no WebSocket', () => {
      for (const self of [undefined, null, {}, new EventTarget(), WebSocket.prototype, 'socket']) {
        for (const name of [...attributes, ...writable]) {
          const { get, set } = Object.getOwnPropertyDescriptor(WebSocket.prototype, name)!
          expectTypeError(() => get!.call(self))
          if (set !== undefined) expectTypeError(() => set.call(self, null))
        }
        expectTypeError(() => WebSocket.prototype.send.call(self as WebSocket, 'text'))
        expectTypeError(() => WebSocket.prototype.close.call(self as WebSocket))
      }
    })

    it('keeps binaryType for an unknown value', () => {
      const socket = idle('ws://host.test/') as { binaryType: unknown }
      socket.binaryType = 'arraybuffer'
      for (const unknown of ['text', 'Blob', 'BLOB', '', null, undefined, 1, {}, 'blob ']) {
        socket.binaryType = unknown
        expect(socket.binaryType).to.equal('arraybuffer')
      }
      socket.binaryType = 'blob'
      expect(socket.binaryType).to.equal('blob')
      socket.binaryType = { toString: () => 'arraybuffer' }
      expect(socket.binaryType).to.equal('arraybuffer')
      expectTypeError(() => {
        socket.binaryType = Symbol('blob')
      })
    })
  })
})
